-- The leases for people who write SQL, with ranges: during are the most likely times, surely those in which the pod is known
-- to have had the address, and possibly those in which it may have had it. Nothing is sure after the watermark, less the
-- two seconds that kubelets take to report.
CREATE VIEW podips_leases AS
SELECT cluster, network, ip, namespace, pod, pod_uid, workload_kind, workload, node, host_network, service_account,
  started_at, nullif(ended_at, 'infinity') AS ended_at, end_reason,
  tstzrange(started_at, greatest(started_at, nullif(ended_at, 'infinity'))) AS during,
  CASE WHEN sure_from < sure_to THEN tstzrange(sure_from, sure_to) ELSE 'empty' END AS surely,
  tstzrange(coalesce(started_not_before, '-infinity'),
    greatest(started_at, nullif(coalesce(ended_not_after, ended_at), 'infinity'))) AS possibly
FROM leases LEFT JOIN reader_positions USING (cluster),
  LATERAL (SELECT coalesce(started_not_after, started_at) AS sure_from,
    CASE WHEN ended_at = 'infinity' THEN known_at - interval '2 seconds' ELSE ended_not_before END AS sure_to) AS sure;

COMMENT ON VIEW podips_leases IS 'Leases of addresses by pods, with ranges of the times';
