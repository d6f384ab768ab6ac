import { checked } from '../answers.js';
import { type Command, JSON_OPTION } from '../command.js';
import { EXIT } from '../exit.js';
import { table } from '../terminal.js';

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
      choose(async (client, { stdout }) => {
        const body = await client.getJson('/api/v1/workloads', { window, limit: String(limit) });
        const { workloads } = checked<WorkloadsAnswer>(body, ['workloads']);
        const rows = workloads.map((each) => [
          `${each.namespace}/${each.name}`,
          each.kind,
          each.unstable ?? '-',
          ...[each.replaced, each.restarts, each.failed].map(String),
          each.lastCause ?? '-',
        ]);
        const head = ['WORKLOAD', 'KIND', 'UNSTABLE', 'REPLACED', 'RESTARTS', 'FAILED', 'LAST CAUSE'];
        const shown = rows.length === 0 ? 'Nothing happened to any workload.\n' : table(head, rows);
        stdout.write(json ? `${JSON.stringify(body)}\n` : shown);
        return EXIT.found;
      }),
  );
