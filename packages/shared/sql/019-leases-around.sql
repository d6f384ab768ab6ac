-- The leases that may decide whose addresses were, of many at once: for each address and time all whose bounds touch it, by the
-- index on the ends, and the next one after it if an earlier version recorded it, which may have begun long before its time. It
-- is a function because the server plans it once for each connection, also behind PgBouncer; planning it
-- takes longer than running it. It uses indexes also where it was planned when there were no leases. Times are milliseconds
-- since the epoch, a cluster that is NULL stands for all.
CREATE FUNCTION podips_leases_around(ips inet[], from_ms float8[], to_ms float8[], clusters text[], most bigint)
RETURNS TABLE (probe integer, cluster text, network text, namespace text, pod text, pod_uid text, node text, host_network boolean,
  workload_kind text, workload text, started_ms float8, ended_ms float8, started_not_before_ms float8,
  started_not_after_ms float8, ended_not_before_ms float8, ended_not_after_ms float8)
LANGUAGE plpgsql STABLE PARALLEL SAFE
-- The tables are found whatever the caller's path, and rows that a policy hides are an error instead of nobody.
SET search_path FROM CURRENT SET row_security TO off SET enable_seqscan TO off
AS $podips_leases_around$
#variable_conflict use_column
BEGIN
RETURN QUERY
SELECT (probes.n - 1)::integer, near.cluster, near.network, near.namespace, near.pod, near.pod_uid, near.node, near.host_network,
  coalesce(near.workload_kind, ''), coalesce(near.workload, ''),
  round(date_part('epoch', near.started_at) * 1000), round(date_part('epoch', near.ended_at) * 1000),
  round(date_part('epoch', near.started_not_before) * 1000), round(date_part('epoch', near.started_not_after) * 1000),
  round(date_part('epoch', near.ended_not_before) * 1000), round(date_part('epoch', near.ended_not_after) * 1000)
FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS probes (ip, from_ms, to_ms, cluster, n),
  LATERAL (SELECT to_timestamp(probes.from_ms / 1000) AS from_at, to_timestamp(probes.to_ms / 1000) AS to_at) AS times,
  LATERAL (
    (SELECT * FROM leases WHERE leases.ip = probes.ip AND (probes.cluster IS NULL OR leases.cluster = probes.cluster)
       AND coalesce(started_not_before, started_at) <= to_at AND coalesce(ended_not_after, ended_at) > from_at
     ORDER BY coalesce(ended_not_after, ended_at) LIMIT $5 + 1)
    UNION ALL
    (SELECT * FROM
       (SELECT * FROM leases WHERE leases.ip = probes.ip AND (probes.cluster IS NULL OR leases.cluster = probes.cluster)
          AND started_at > to_at ORDER BY started_at LIMIT 1) AS next
     WHERE started_not_before IS NULL)) AS near;
END
$podips_leases_around$;

COMMENT ON FUNCTION podips_leases_around IS 'The leases of many addresses, each around a time, for the monitor';

-- For few addresses the server thinks that planning each question anew is cheaper. PostgreSQL 11 has no such setting.
DO $plan_once$
BEGIN
  IF current_setting('server_version_num')::int >= 120000 THEN
    ALTER FUNCTION podips_leases_around SET plan_cache_mode TO force_generic_plan;
  END IF;
END
$plan_once$;
