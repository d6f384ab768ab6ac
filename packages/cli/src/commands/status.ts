import { checked } from '../answers.js';
import { type Command, JSON_OPTION } from '../command.js';
import { EXIT } from '../exit.js';
import { shownTime, table, visible } from '../terminal.js';

interface StatusAnswer {
  readonly worst: string;
  readonly headline: string;
  readonly operations: readonly {
    readonly name: string;
    readonly light: string;
    readonly since: string | null;
    readonly heartbeat: { readonly message: string } | null;
  }[];
  readonly ledger: { readonly knownUntil: string | null } | null;
}

/** `podips status` */
export const statusCommand: Command = (choose, parser) =>
  parser.command(
    'status',
    'Show whether podips works: its lights; exits with 1 unless all are green',
    (each) => each.options({ json: JSON_OPTION }),
    ({ json }) =>
      choose(async (client, { stdout }) => {
        const body = await client.getJson('/api/v1/status');
        const status = checked<StatusAnswer>(body, ['operations']);
        stdout.write(json ? `${JSON.stringify(body)}\n` : describe(status));
        return status.worst === 'green' ? EXIT.found : EXIT.nobody;
      }),
  );

function describe({ headline, operations, ledger }: StatusAnswer): string {
  const rows = operations.map(({ name, light, since, heartbeat }) => [
    name,
    light,
    shownTime(since),
    heartbeat?.message ?? '-',
  ]);
  const known = ledger === null ? 'no database' : shownTime(ledger.knownUntil);
  return `${visible(headline)}\n\n${table(['OPERATION', 'LIGHT', 'SINCE', 'LAST MESSAGE'], rows)}\nLedger known until: ${known}\n`;
}
