import { checked, type LeasesAnswer } from '../answers.js';
import { type Command, JSON_OPTION } from '../command.js';
import { EXIT, type ExitCode } from '../exit.js';
import { visible } from '../terminal.js';
import { leasesTable } from './leases-table.js';

/** `podips who 10.64.0.18 --at '2026-11-26 14:05'` */
export const whoCommand: Command = (choose, parser) =>
  parser.command(
    'who <address>',
    'Say which pod had an address at a time',
    (each) =>
      each
        .positional('address', { type: 'string', demandOption: true, describe: 'as a log has it' })
        .options({
          at: {
            type: 'string',
            requiresArg: true,
            describe: 'the time, as a log has it, UTC unless it names a zone; now without it',
          },
          json: JSON_OPTION,
        })
        .example("$0 who 10.64.0.18 --at '2026-11-26 14:05 Europe/Berlin'", ''),
    ({ address, at, json }) =>
      choose(async (client, { stdout }) => {
        const body = await client.getJson('/api/v1/leases', { ip: address, at });
        const answer = checked<LeasesAnswer>(body, ['leases', 'candidates', 'notes']);
        stdout.write(json ? `${JSON.stringify(body)}\n` : describe(answer));
        return exitCodeOf(answer);
      }),
  );

function describe({ answer, leases, candidates, notes }: LeasesAnswer): string {
  const shown = [...leases, ...candidates];
  const lines = [answer, ...notes].map((text) => `${visible(text)}\n`).join('');
  return shown.length === 0 ? lines : `${lines}\n${leasesTable(shown)}`;
}

function exitCodeOf({ certain, leases }: LeasesAnswer): ExitCode {
  if (!certain) return EXIT.unsure;
  return leases.length > 0 ? EXIT.found : EXIT.nobody;
}
