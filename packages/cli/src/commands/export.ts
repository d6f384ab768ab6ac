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
        timeline: {
          type: 'boolean',
          default: false,
          describe: 'also the times between leases, for programs that join tables by time',
        },
        cluster: {
          type: 'string',
          requiresArg: true,
          describe: 'another one of the clusters that share the database',
        },
        network: { type: 'string', requiresArg: true, describe: 'the addresses on this network of pods' },
        output: {
          type: 'string',
          alias: 'o',
          requiresArg: true,
          describe: 'a file; standard output without it',
        },
      }),
    ({ from, to, timeline, cluster, network, output }) =>
      choose(async (client, terminal) => {
        const rows = await client.getBytes('/api/v1/leases.csv', {
          from,
          to,
          cluster,
          network,
          timeline: timeline ? 'true' : undefined,
        });
        await writeTo(output, rows, terminal);
        return EXIT.found;
      }),
  );
