import { checked } from '../answers.js';
import { type Command, JSON_OPTION } from '../command.js';
import { EXIT } from '../exit.js';
import { table, visible } from '../terminal.js';

interface Workload {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly unstable: string | null;
  readonly replaced: number;
  readonly restarts: number;
  readonly failed: number;
  readonly lastCause: string | null;
}

interface WorkloadsAnswer {
  readonly workloads: readonly Workload[];
  /** Why the answer does not say what happens now; null: it does. */
  readonly doubt: string | null;
  readonly gaps: readonly unknown[];
}

/** `podips workloads --window 1h` */
export const workloadsCommand: Command = (choose, parser) =>
  parser.command(
    'workloads',
    'List workloads whose pods are replaced, restart or fail, the worst first',
    (each) =>
      each.options({
        window: {
          choices: ['15m', '1h', '24h', '7d'],
          requiresArg: true,
          describe: 'the time that is measured',
        },
        limit: { type: 'number', default: 50, requiresArg: true, describe: 'how many at most, up to 500' },
        json: JSON_OPTION,
      }),
    ({ window, limit, json }) =>
      choose(async (client, { stdout, stderr }) => {
        const body = await client.getJson('/api/v1/workloads', { window, limit: String(limit) });
        const { workloads, doubt, gaps } = checked<WorkloadsAnswer>(body, ['workloads', 'gaps']);
        const isUnsure = doubt !== null || (workloads.length === 0 && gaps.length > 0);
        const rows = workloads.map((each) => [
          `${each.namespace}/${each.name}`,
          each.kind,
          each.unstable ?? '-',
          ...[each.replaced, each.restarts, each.failed].map(String),
          each.lastCause ?? '-',
        ]);
        const head = ['WORKLOAD', 'KIND', 'UNSTABLE', 'REPLACED', 'RESTARTS', 'FAILED', 'LAST CAUSE'];
        const nothing = isUnsure ? '' : 'Nothing happened to any workload.\n';
        stdout.write(json ? `${JSON.stringify(body)}\n` : rows.length === 0 ? nothing : table(head, rows));
        if (!isUnsure) return EXIT.found;
        stderr.write(
          `Not sure: ${visible(doubt ?? 'there are gaps, in which something may have happened')}.\n`,
        );
        return EXIT.unsure;
      }),
  );
