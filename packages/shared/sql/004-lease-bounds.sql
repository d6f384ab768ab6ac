-- Between which times a lease surely began and ended; started_at and ended_at are the most likely times. Null: recorded
-- by an earlier version, or the lease is open. -infinity: nothing is known of the earliest time.
ALTER TABLE leases
  ADD COLUMN started_not_before timestamptz,
  ADD COLUMN started_not_after timestamptz,
  ADD COLUMN ended_not_before timestamptz,
  ADD COLUMN ended_not_after timestamptz;
