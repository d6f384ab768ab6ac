-- Which pods may have held this address at that time, as in leases_by_bounds, but from the other end: few leases of an address
-- end after a time that is asked about, and all of a year began before it. It takes about 40 MB, and two seconds to build, for
-- a million leases.
CREATE INDEX leases_by_ends
  ON leases (ip, coalesce(ended_not_after, ended_at), coalesce(started_not_before, started_at));
