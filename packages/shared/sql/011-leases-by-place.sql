-- All leases of a namespace, or of a node, in a time, as leases_by_bounds has them of an address. Each of the two takes
-- about 40 MB, and three seconds to build, for a million leases.
CREATE INDEX leases_by_namespace
  ON leases (namespace, coalesce(started_not_before, started_at), coalesce(ended_not_after, ended_at));
CREATE INDEX leases_by_node
  ON leases (node, coalesce(started_not_before, started_at), coalesce(ended_not_after, ended_at));

-- Also the pods whose names begin so, whatever the collation of the database.
DROP INDEX leases_by_pod;
CREATE INDEX leases_by_pod ON leases (namespace, pod text_pattern_ops, started_at);
