// Invents what a ledger has of a day in which some workloads are sick, for pictures of the pages.
const MINUTE_MS = 60_000;
const DAY_MIN = 24 * 60;

/** So many minutes apart, from the oldest to the newest, in minutes before now. */
const every = (minutes, from, to = 0) =>
  Array.from({ length: Math.floor((from - to) / minutes) }, (_none, index) => from - index * minutes);

/** Pods of one workload that follow each other in one place; each but the last one ends. */
function chain(workload, { at, gap = 0.2, cause, exitCode, ...rest }) {
  return at.map((from, index) => {
    const next = at[index + 1];
    return next === undefined
      ? { ...workload, ...rest, from }
      : { ...workload, ...rest, from, to: next + gap, cause, exitCode };
  });
}

const of = (namespace, kind, name, node = 'node-1') => ({ namespace, kind, name, node });

function pods() {
  const [cart, agent, orders, imports] = [
    of('shop', 'Deployment', 'cart'),
    of('logging', 'DaemonSet', 'fluent-bit', 'node-3'),
    of('shop', 'StatefulSet', 'orders', 'node-2'),
    of('batch', 'CronJob', 'import', 'node-4'),
  ];
  const rollout = (workload, revisions, count) =>
    revisions.flatMap(({ revision, at }, step) =>
      Array.from({ length: count }, (_none, index) => {
        const next = revisions[step + 1];
        const end = next === undefined ? {} : { to: next.at - index * 0.7 - 0.4, cause: 'Deleted' };
        return { ...workload, revision, from: at - index * 0.7, ...end, node: `node-${1 + index}` };
      }),
    );
  const runs = (workload, minutes, length) =>
    every(minutes, DAY_MIN).map((from) => ({ ...workload, from, to: from - length, cause: 'Completed' }));
  const scaled = Array.from({ length: 12 }, (_none, index) => ({
    ...of('shop', 'Deployment', 'api', `node-${1 + (index % 4)}`),
    revision: '58fd9',
    from: 800 - index * 12,
    ...(index < 9 ? { to: 320 - index * 18, cause: 'Deleted' } : {}),
  }));
  const drained = Array.from({ length: 14 }, (_none, index) => [
    { ...of('apps', 'Deployment', `app-${index % 9}`, 'node-5'), from: 3_000, to: 190 - index * 0.2 },
    { ...of('apps', 'Deployment', `app-${index % 9}`, 'node-4'), from: 189 - index * 0.2 },
  ]).flatMap(([old, next]) => [
    { ...old, cause: 'EvictionByEvictionAPI', revision: '7c4d' },
    { ...next, revision: '7c4d' },
  ]);
  return [
    ...rollout(
      cart,
      [
        { revision: '6b8f9', at: 2_900 },
        { revision: '7d5c4', at: 1_130 },
        { revision: '9f2ab', at: 700 },
      ],
      3,
    ),
    ...chain(agent, { at: [2_000, ...every(10, 175)], cause: 'Evicted', revision: '5c8b6' }),
    ...['node-1', 'node-2', 'node-4'].map((node) => ({ ...agent, node, from: 2_000, revision: '5c8b6' })),
    ...chain(orders, { at: [4_000, ...every(20, 660)], gap: 0.6, cause: 'Deleted', revision: '84f' }),
    ...every(60, DAY_MIN, 60).map((from) => ({ ...imports, from, to: from - 4, cause: 'Completed' })),
    ...[59, 57, 54, 49, 41, 25].map((from) => ({
      ...imports,
      from,
      to: from - 0.7,
      cause: 'Error',
      exitCode: 2,
    })),
    ...rollout(
      of('shop', 'Deployment', 'web'),
      [
        { revision: '5b7d', at: 3_100 },
        { revision: '9c2e', at: 610 },
        { revision: '64ab', at: 42 },
      ],
      4,
    ),
    ...runs(of('podips', 'CronJob', 'podips-cronjob', 'node-2'), 5, 0.2),
    ...scaled,
    ...drained,
    ...chain(of('old', 'Deployment', 'proxy'), { at: [13_000, 12_500], cause: 'Deleted' }),
  ];
}

function restarts() {
  const times = [...every(41, 690, 125), ...every(7, 120)];
  const ofCart = times.map((at, index) => ({
    pod: index % 3,
    at,
    cause: 'OOMKilled',
    exitCode: 137,
  }));
  return ofCart.map(({ pod, ...rest }, index) => ({
    ...of('shop', 'Deployment', 'cart'),
    ...rest,
    pod: `cart-9f2ab-${'klm'[pod]}`,
    count: Math.floor(index / 3) + 1,
  }));
}

/** Fills an empty ledger. @param nowMs milliseconds since the epoch */
export async function writeInventedWorkloads(pool, cluster, nowMs) {
  const time = (minutes) => (minutes === undefined ? undefined : new Date(nowMs - minutes * MINUTE_MS));
  const seen = new Map();
  const leases = pods().map(({ from, to, revision = '', ...rest }, index) => {
    const key = `${rest.namespace}/${rest.name}/${revision}`;
    const number = seen.get(key) ?? 0;
    seen.set(key, number + 1);
    const suffix = `${'klmnpqrstvwxz'[number % 13]}${number < 13 ? '' : Math.floor(number / 13)}`;
    const isOrdinal = rest.kind === 'StatefulSet';
    const pod = isOrdinal
      ? `${rest.name}-0`
      : [rest.name, revision, suffix].filter((part) => part !== '').join('-');
    return {
      ...rest,
      revision,
      pod,
      uid: `uid-${pod}-${index}`,
      ip: `10.64.${index >> 8}.${index & 255}`,
      from: time(from),
      to: time(to),
    };
  });
  const uids = new Map(leases.map(({ pod, uid }) => [pod, uid]));
  await pool.query(
    `INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network, started_at,
       start_inferred, ended_at, end_reason, end_inferred, workload_kind, workload, revision, end_cause, exit_code)
     SELECT $1, uid, ip::inet, 0, namespace, pod, kind, name, node, false, "from", false, coalesce("to", 'infinity'),
       CASE WHEN "to" IS NULL THEN NULL ELSE 'deleted' END, CASE WHEN "to" IS NULL THEN NULL ELSE false END, kind, name, revision,
       CASE WHEN "to" IS NULL THEN NULL ELSE cause END, CASE WHEN "to" IS NULL THEN NULL ELSE "exitCode" END
     FROM jsonb_to_recordset($2) AS row (uid text, ip text, namespace text, pod text, kind text, name text, node text,
       "from" timestamptz, "to" timestamptz, revision text, cause text, "exitCode" integer)`,
    [cluster, JSON.stringify(leases)],
  );
  for (const { namespace, kind, name, node, pod, at, cause, exitCode, count } of restarts())
    await pool.query(
      `INSERT INTO restarts VALUES ($1, $2, 'app', $3, $4, $5, $6, $7, $8, $9, $10, $10, $10, $11, $12)`,
      [
        cluster,
        uids.get(pod) ?? 'uid',
        count,
        count - 1,
        namespace,
        pod,
        kind,
        name,
        node,
        time(at),
        cause,
        exitCode,
      ],
    );
  await pool.query(
    `INSERT INTO gaps (cluster, started_at, ended_at, reason) VALUES ($1, $2, $3, 'expired')`,
    [cluster, time(432), time(411)],
  );
  await pool.query(
    `INSERT INTO reader_positions (cluster, resource_version, known_at) VALUES ($1, '1', $2)`,
    [cluster, time(0)],
  );
}
