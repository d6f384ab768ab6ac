import { getSystemErrorMessage } from 'node:util';

/** Why a file cannot be opened or read, as every other command says it: "firewall.csv: no such file or directory". */
export function describeFileError(file: string, err: unknown): string {
  if (!(err instanceof Error)) return `${file}: ${String(err)}`;
  const known = 'errno' in err && typeof err.errno === 'number' && getSystemErrorMessage(err.errno);
  return `${file}: ${known || err.message}`;
}
