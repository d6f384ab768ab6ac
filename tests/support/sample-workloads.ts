import { type DatabasePool, migrate } from '@podips/shared';

export const MINUTE_MS = 60_000;

/** A pod of the samples; times in minutes before now. */
interface SamplePod {
  readonly kind: string;
  readonly workload: string;
  readonly pod: string;
  readonly revision?: string;
  readonly node?: string;
  readonly from: number;
  readonly to?: number;
  readonly cause?: string;
  readonly exitCode?: number;
  /** With a second address, as in a cluster of two stacks. */
  readonly dual?: boolean;
}

interface SampleRestart {
  readonly workload: string;
  readonly at: number;
  readonly restarts: number;
}

/** What a ledger has in which some workloads are sick. */
export function samplePods(): SamplePod[] {
  const evicted = [55, 45, 35, 25, 15, 5].map((to, index) => ({
    kind: 'DaemonSet',
    workload: 'agent',
    pod: `agent-${index}`,
    revision: '5c8',
    node: 'node-1',
    from: to + 9.9,
    to,
    cause: 'Evicted',
    dual: true,
  }));
  const failed = [50, 49, 47, 43, 35, 19].map((to, index) => ({
    kind: 'Job',
    workload: 'import',
    pod: `import-${index}`,
    from: to + 0.5,
    to,
    cause: 'Error',
    exitCode: 2,
  }));
  const rollout = ['old', 'new'].flatMap((revision, step) =>
    [0, 1, 2].map((index) => ({
      kind: 'Deployment',
      workload: 'web',
      pod: `web-${revision}-${index}`,
      revision,
      from: step === 0 ? 300 : 30 - index,
      ...(step === 0 ? { to: 29 - index, cause: 'Deleted' } : {}),
    })),
  );
  const last = { ...evicted[0], pod: 'agent-6', from: 4.9 } as SamplePod;
  const { to: _to, cause: _cause, ...running } = last;
  return [
    ...evicted,
    running,
    ...failed,
    ...rollout,
    { kind: 'StatefulSet', workload: 'db', pod: 'db-0', from: 600 },
  ];
}

const RESTARTS: readonly SampleRestart[] = [22, 17, 12, 7, 2].map((at, index) => ({
  workload: 'db',
  at,
  restarts: index + 1,
}));

/** Writes workloads and what happened to them into an empty database. @param nowMs milliseconds since the epoch */
export async function writeSampleWorkloads(database: DatabasePool, nowMs: number): Promise<void> {
  await migrate(database);
  const at = (minutes: number) => new Date(nowMs - minutes * MINUTE_MS);
  await database.query(
    `INSERT INTO reader_positions (cluster, resource_version, known_at, written_at) VALUES ('default', '1', $1, now())`,
    [at(0)],
  );
  for (const [index, sample] of samplePods().entries()) {
    const { kind, workload, pod, revision = '', node = 'node-2', from, to, cause, exitCode, dual } = sample;
    const ips = [`10.64.1.${index}`, ...(dual ? [`fd00::${index}`] : [])];
    for (const ip of ips)
      await database.query(
        `INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
           started_at, start_inferred, ended_at, end_reason, end_inferred, workload_kind, workload, revision, end_cause, exit_code)
         VALUES ('default', $1, $2, 0, 'shop', $3, $4, $5, $6, false, $7, false, $8, $9, $10, $4, $5, $11, $12, $13)`,
        [
          `uid-${pod}`,
          ip,
          pod,
          kind,
          workload,
          node,
          at(from),
          to === undefined ? 'infinity' : at(to),
          to === undefined ? null : 'deleted',
          to === undefined ? null : false,
          revision,
          cause ?? null,
          exitCode ?? null,
        ],
      );
  }
  for (const { workload, at: before, restarts } of RESTARTS)
    await database.query(
      `INSERT INTO restarts VALUES ('default', 'uid-db-0', 'app', $1, $2, 'shop', 'db-0', 'StatefulSet', $3, 'node-2', $4, $4, $4,
         'OOMKilled', 137)`,
      [restarts, restarts - 1, workload, at(before)],
    );
}
