-- Who had an address at a time, decided as the monitor does: the verdict is pod, node, nobody, outside (nobody, and the
-- ledger has no lease of any address near it) or unsure, which names none; the reason has the codes that the monitor
-- gives. Always one row, of NULLs for a NULL. A pod or a node is only named if no other cluster may have had the address as
-- well, as far as its ledger says: unless its ledger has no address near it, and no lease of the time was deleted. It replaces
-- that of earlier migrations.
CREATE OR REPLACE FUNCTION podips_who(ip inet, at timestamptz, OUT verdict text, OUT reason text, OUT namespace text, OUT pod text,
  OUT pod_uid text, OUT workload_kind text, OUT workload text, OUT node text, OUT cluster text, OUT started_at timestamptz,
  OUT ended_at timestamptz)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
-- The tables are found whatever the caller's path, and rows that a policy hides are an error instead of nobody.
SET search_path FROM CURRENT SET row_security TO off
AS $$
WITH asked AS (
  -- An address without a netmask, and an IPv4 address that is written as IPv6 as what it is: as in the ledger.
  SELECT regexp_replace(host($1), '^::ffff:([0-9.]+)$', '\1')::inet AS ip),
around AS (
  SELECT host(network(range))::inet AS first, host(broadcast(range))::inet AS last
  FROM (SELECT set_masklen(asked.ip, CASE family(asked.ip) WHEN 4 THEN 16 ELSE 64 END) AS range FROM asked) AS ranges),
positions AS (SELECT *, known_at - interval '2 seconds' AS known_until FROM reader_positions),
gaps_at AS (
  SELECT gaps.cluster, gaps.reason FROM gaps
  -- By the index gaps_by_range.
  WHERE tstzrange(CASE WHEN gaps.started_at > gaps.ended_at THEN gaps.ended_at ELSE gaps.started_at END, gaps.ended_at, '[]')
    && tstzrange($2 - interval '2 seconds', $2 + interval '2 seconds', '[]')),
-- All leases whose bounds include the time, and the neighbours of the time by their most likely times.
near AS (
  (SELECT * FROM leases WHERE leases.ip = (SELECT asked.ip FROM asked) AND coalesce(started_not_before, leases.started_at) <= $2
     AND coalesce(ended_not_after, leases.ended_at) > $2)
  UNION
  (SELECT * FROM (SELECT * FROM leases WHERE leases.ip = (SELECT asked.ip FROM asked) AND leases.started_at <= $2
     ORDER BY leases.started_at DESC LIMIT 200) AS before
   WHERE before.ended_at <= $2 ORDER BY before.ended_at DESC LIMIT 1)
  UNION
  (SELECT * FROM leases WHERE leases.ip = (SELECT asked.ip FROM asked) AND leases.started_at > $2 ORDER BY leases.started_at LIMIT 1)),
bound AS (
  SELECT near.*, leases.is_open, known_until, place, start_to <= $2 AS has_begun, lasts,
    start_to <= $2 AND lasts AS is_sure,
    coalesce(started_not_before, '-infinity') <= $2 AND coalesce(ended_not_after, near.ended_at) > $2 AS is_possible,
    row_number() OVER (PARTITION BY near.cluster, near.network, host_network
      ORDER BY near.started_at, near.ended_at, near.namespace, near.pod) AS position
  FROM near LEFT JOIN positions USING (cluster),
    LATERAL (SELECT near.ended_at = 'infinity' AS is_open) AS leases,
    LATERAL (SELECT coalesce(started_not_after, near.started_at) AS start_to,
      CASE WHEN is_open THEN coalesce(known_until >= $2, false) ELSE coalesce(ended_not_before > $2, false) END AS lasts,
      CASE WHEN host_network THEN 'node ' || near.node ELSE near.pod_uid END AS place) AS bounds),
networks AS (
  SELECT bound.cluster, bound.network, count(DISTINCT place) FILTER (WHERE is_sure) AS places,
    coalesce(bool_or(host_network) FILTER (WHERE is_sure), false) AS is_node,
    bound.cluster IN (SELECT gaps_at.cluster FROM gaps_at WHERE gaps_at.reason = 'clock') AS is_clock_set
  FROM bound GROUP BY 1, 2),
judged AS (
  SELECT bound.*, places,
    is_sure AND places = 1 AND NOT is_clock_set AS is_holder,
    CASE
      WHEN places > 1 THEN is_possible
      WHEN is_sure THEN is_clock_set
      WHEN places = 1 THEN is_possible AND is_node AND host_network
      -- A later lease had begun, or an earlier one lasted: an address that is not a node's has one holder at a time.
      ELSE is_possible AND (host_network OR NOT EXISTS (SELECT FROM bound AS other
        WHERE other.cluster = bound.cluster AND other.network = bound.network AND NOT other.host_network
          AND CASE WHEN other.position > bound.position THEN other.has_begun
                   WHEN other.position < bound.position THEN other.lasts ELSE false END))
    END AS is_candidate
  FROM bound JOIN networks USING (cluster, network)),
summary AS (
  SELECT count(DISTINCT (judged.cluster, judged.network, place)) FILTER (WHERE is_holder) AS holders,
    coalesce(bool_or(places > 1), false) AS is_conflict, count(*) FILTER (WHERE is_candidate) AS candidates,
    coalesce(bool_and(host_network AND judged.cluster IN
      (SELECT j.cluster FROM judged AS j WHERE j.is_holder AND j.host_network)) FILTER (WHERE is_candidate), true) AS is_of_nodes
  FROM judged),
decided AS (SELECT *, summary.holders > 0 AND NOT is_conflict AND is_of_nodes AS is_decided FROM summary),
-- Why the ledger of a cluster may lack a lease at that time.
doubts AS (
  SELECT gaps_at.cluster, 4 AS rank, 'gap' AS code FROM gaps_at
  UNION SELECT positions.cluster, 7, 'after-known' FROM positions WHERE $2 > known_until
  UNION SELECT positions.cluster, 8, 'deleted' FROM positions WHERE $2 <= known_until AND $2 < deleted_before
  UNION SELECT positions.cluster, 9, 'scope' FROM positions WHERE namespaces IS NOT NULL OR ignored_namespaces <> '{}'),
codes AS (
  SELECT 1 AS rank, 'conflict' AS code FROM decided WHERE is_conflict
  UNION SELECT 2, 'start' FROM judged, decided WHERE is_candidate AND NOT is_conflict AND NOT has_begun
  UNION SELECT 3, 'end' FROM judged, decided WHERE is_candidate AND NOT is_conflict AND NOT is_open AND NOT lasts
  UNION SELECT 5, 'empty' WHERE NOT EXISTS (SELECT FROM positions)
  UNION SELECT 6, 'future' WHERE $2 > now() AND EXISTS (SELECT FROM positions)
  UNION SELECT 7, 'after-known' FROM judged WHERE is_candidate AND is_open AND known_until IS NULL
  UNION SELECT doubts.rank, doubts.code FROM doubts),
other_codes AS (
  SELECT DISTINCT doubts.rank, doubts.code FROM doubts JOIN positions USING (cluster)
  WHERE doubts.cluster NOT IN (SELECT judged.cluster FROM judged WHERE is_holder)
    AND (doubts.code = 'deleted' OR EXISTS (SELECT FROM leases WHERE leases.cluster = doubts.cluster
      AND leases.ip BETWEEN (SELECT first FROM around) AND (SELECT last FROM around)))),
answer AS (
  SELECT CASE WHEN NOT is_decided THEN (SELECT string_agg(code, ', ' ORDER BY rank) FROM codes)
    ELSE coalesce(
      -- Asked only where there are other clusters: it takes a fifth of the time.
      CASE WHEN (SELECT count(*) FROM positions) > 1 THEN (SELECT string_agg(code, ', ' ORDER BY rank) FROM other_codes) END,
      CASE WHEN holders > 1 THEN 'several' END)
    END AS reasons, decided.*
  FROM decided)
SELECT
  CASE WHEN answer.reasons IS NOT NULL THEN 'unsure' WHEN answer.holders = 0 THEN
    CASE WHEN EXISTS (SELECT FROM leases WHERE leases.ip BETWEEN (SELECT first FROM around) AND (SELECT last FROM around))
      THEN 'nobody' ELSE 'outside' END
  WHEN holder.host_network THEN 'node' ELSE 'pod' END,
  coalesce(answer.reasons, ''),
  one.namespace, one.pod, one.pod_uid, one.workload_kind, one.workload, holder.node, holder.cluster,
  one.started_at, nullif(one.ended_at, 'infinity')
FROM answer
  LEFT JOIN LATERAL (SELECT * FROM judged WHERE is_holder AND answer.reasons IS NULL LIMIT 1) AS holder ON true
  -- A node's address is shared by pods, of which none is named.
  LEFT JOIN LATERAL (SELECT holder.* WHERE NOT holder.host_network) AS one ON true
$$;

COMMENT ON FUNCTION podips_who IS 'Who had an address at a time: pod, node, nobody, outside or unsure, with the reason';
