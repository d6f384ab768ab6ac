import { checked, type LeasesAnswer } from '../answers.js';
import { type Command, JSON_OPTION } from '../command.js';
import { CliError, EXIT } from '../exit.js';
import { visible } from '../terminal.js';
import { leasesTable } from './leases-table.js';

/** `podips pod shop/web-1` */
export const podCommand: Command = (choose, parser) =>
  parser.command(
    'pod <pod>',
    'List the addresses that a pod ever had',
    (each) =>
      each
        .positional('pod', {
          type: 'string',
          demandOption: true,
          describe: 'its namespace and name, shop/web-1',
        })
        .options({ json: JSON_OPTION }),
    ({ pod: given, json }) =>
      choose(async (client, { stdout }) => {
        const [namespace, pod, ...more] = given.split('/');
        if (!namespace || !pod || more.length > 0)
          throw new CliError(
            EXIT.usage,
            `give the pod with its namespace, for example shop/web-1, not ${JSON.stringify(given)}`,
          );
        const body = await client.getJson('/api/v1/leases', { namespace, pod });
        const { answer, leases, notes, more: isMore } = checked<LeasesAnswer>(body, ['leases', 'notes']);
        const texts = [answer, ...notes, ...(isMore ? ['There are more than these.'] : [])];
        const lines = texts.map((text) => `${visible(text)}\n`).join('');
        const shown = leases.length === 0 ? lines : `${lines}\n${leasesTable(leases)}`;
        stdout.write(json ? `${JSON.stringify(body)}\n` : shown);
        return leases.length > 0 ? EXIT.found : EXIT.nobody;
      }),
  );
