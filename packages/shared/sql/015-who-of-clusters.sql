-- Whether a cluster ever had an address near another one: where clusters share a database they may share addresses. It takes
-- less than 20 MB, and a second to build, for a million leases.
CREATE INDEX leases_by_cluster ON leases (cluster, ip);
