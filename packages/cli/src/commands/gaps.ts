import { checked } from '../answers.js';
import { type Command, JSON_OPTION } from '../command.js';
import { EXIT } from '../exit.js';
import { visible } from '../terminal.js';

interface GapsAnswer {
  readonly gaps: readonly { readonly text: string }[];
}

/** `podips gaps` */
export const gapsCommand: Command = (choose, parser) =>
  parser.command(
    'gaps',
    'List times in which the ledger may be incomplete, the newest first',
    (each) =>
      each.options({
        limit: { type: 'number', default: 50, requiresArg: true, describe: 'how many at most, up to 500' },
        json: JSON_OPTION,
      }),
    ({ limit, json }) =>
      choose(async (client, { stdout }) => {
        const body = await client.getJson('/api/v1/gaps', { limit: String(limit) });
        const { gaps } = checked<GapsAnswer>(body, ['gaps']);
        const lines = gaps.map(({ text }) => `${visible(text)}\n`).join('');
        stdout.write(json ? `${JSON.stringify(body)}\n` : lines || 'There are no gaps.\n');
        return EXIT.found;
      }),
  );
