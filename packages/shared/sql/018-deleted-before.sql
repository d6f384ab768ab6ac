-- Retention says what it is about to delete before it does: leases and gaps that may have lasted until then, or ended before.
-- NULL: none were deleted. A ledger that has lost the gap before its first start has lost leases as well: those that ended
-- before the oldest that is left.
ALTER TABLE reader_positions ADD COLUMN deleted_before timestamptz;

UPDATE reader_positions SET deleted_before = coalesce((SELECT leases.ended_at FROM leases
    WHERE leases.cluster = reader_positions.cluster AND leases.ended_at <> 'infinity' ORDER BY leases.ended_at LIMIT 1), known_at)
  WHERE NOT EXISTS (SELECT FROM gaps WHERE gaps.cluster = reader_positions.cluster AND gaps.started_at IS NULL);
