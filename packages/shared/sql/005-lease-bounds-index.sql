-- Which pods may have held this address at that time. As in leases_by_ip all three columns are keys. Rows without bounds
-- have their most likely times.
CREATE INDEX leases_by_bounds
  ON leases (ip, coalesce(started_not_before, started_at), coalesce(ended_not_after, ended_at));
