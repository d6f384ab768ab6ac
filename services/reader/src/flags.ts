import { type FlagValues, parseFlags } from '@podips/shared';

export const readerFlags = {
  incluster: {
    type: 'text',
    value: '=true|false',
    default: 'true',
    desc: 'use the service account of its pod; false: KUBECONFIG, else $HOME/.kube/config, else KUBE_APISERVER_URL',
  },
  migrate: { type: 'boolean', desc: 'create or change the tables, and exit' },
  'print-sql': { type: 'boolean', desc: 'print the SQL that does so, and exit' },
} as const;

/**
 * Also takes `--incluster` alone and, as the original's flag package did, `-incluster=false`.
 * @throws {SettingsError} with every problem at once
 */
export function parseReaderFlags(args: readonly string[]): FlagValues<typeof readerFlags> {
  const normalised = args
    .map((arg) => arg.replace(/^--?incluster(?==|$)/, '--incluster'))
    .map((arg) => (arg === '--incluster' ? '--incluster=true' : arg));
  return parseFlags(normalised, readerFlags);
}
