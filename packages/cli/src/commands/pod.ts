import { checked, type LeasesAnswer } from '../answers.js';
import { type Command, JSON_OPTION } from '../command.js';
import { CliError, EXIT } from '../exit.js';
import type { Query } from '../monitor-client.js';
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
          describe: 'its namespace and name, shop/web-1, or its UID',
        })
        .options({ json: JSON_OPTION }),
    ({ pod, json }) =>
      choose(async (client, { stdout }) => {
        const body = await client.getJson('/api/v1/leases', parsePod(pod));
        const { answer, certain, leases, notes, more } = checked<LeasesAnswer>(body, ['leases', 'notes']);
        const texts = [answer, ...notes, ...(more ? ['There are more than these.'] : [])];
        const lines = texts.map((text) => `${visible(text)}\n`).join('');
        const shown = leases.length === 0 ? lines : `${lines}\n${leasesTable(leases)}`;
        stdout.write(json ? `${JSON.stringify(body)}\n` : shown);
        if (leases.length > 0) return EXIT.found;
        return certain ? EXIT.nobody : EXIT.unsure;
      }),
  );

const UID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** @throws {CliError} when it is neither a name with its namespace nor a UID */
function parsePod(text: string): Query {
  if (UID.test(text)) return { pod_uid: text };
  const [namespace, pod, ...more] = text.split('/');
  if (namespace && pod && more.length === 0) return { namespace, pod };
  throw new CliError(
    EXIT.usage,
    `give the pod with its namespace, for example shop/web-1, or its UID, not ${JSON.stringify(text)}`,
  );
}
