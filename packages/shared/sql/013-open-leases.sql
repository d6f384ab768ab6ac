-- As in 010, but for leases that last, whose ranges were empty or ended where they began: they have no upper bound. And where
-- a clock was set no time is sure: surely ends before the first such time, and is empty if that is at its beginning.
CREATE OR REPLACE VIEW podips_leases AS
SELECT cluster, network, ip, namespace, pod, pod_uid, workload_kind, workload, node, host_network, service_account,
  started_at, nullif(ended_at, 'infinity') AS ended_at, end_reason,
  tstzrange(started_at, nullif(greatest(started_at, ended_at), 'infinity')) AS during,
  CASE WHEN sure_from < least(sure_to, clock_set) THEN tstzrange(sure_from, least(sure_to, clock_set)) ELSE 'empty' END AS surely,
  tstzrange(coalesce(started_not_before, '-infinity'),
    nullif(greatest(started_at, coalesce(ended_not_after, ended_at)), 'infinity')) AS possibly
FROM leases LEFT JOIN reader_positions USING (cluster),
  LATERAL (SELECT coalesce(started_not_after, started_at) AS sure_from,
    CASE WHEN ended_at = 'infinity' THEN known_at - interval '2 seconds' ELSE ended_not_before END AS sure_to) AS sure,
  LATERAL (SELECT (SELECT min(coalesce(gaps.started_at, '-infinity')) - interval '2 seconds' FROM gaps
    WHERE gaps.cluster = leases.cluster AND gaps.reason = 'clock'
      AND gaps.ended_at >= sure_from - interval '2 seconds') AS clock_set) AS clocks;
