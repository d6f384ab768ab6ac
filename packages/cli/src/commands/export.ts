import type { Command } from '../command.js';
import { EXIT } from '../exit.js';
import { writeTo } from '../output.js';

/** `podips export --from 2026-11-01 --to 2026-12-01 > leases.csv` */
export const exportCommand: Command = (choose, parser) =>
  parser.command(
    'export',
    'Write the leases of a time as CSV',
    (each) =>
      each.options({
        from: { type: 'string', requiresArg: true, describe: 'leases that ended later; all without it' },
        to: { type: 'string', requiresArg: true, describe: 'leases that began earlier; all without it' },
        output: {
          type: 'string',
          alias: 'o',
          requiresArg: true,
          describe: 'a file; standard output without it',
        },
      }),
    ({ from, to, output }) =>
      choose(async (client, terminal) => {
        const rows = await client.getBytes('/api/v1/leases.csv', { from, to });
        await writeTo(output, rows, terminal);
        return EXIT.found;
      }),
  );
