import type { Summary } from '@podips/annotate';
import { visible } from './terminal.js';

/** What was found in a file, for people. */
export function describeSummary({
  format,
  lines,
  addresses,
  verdicts,
  unreadable,
  firstUnreadable,
}: Summary): string {
  if (format === undefined) return 'The input is empty.\n';
  const { pod, node, nobody, outside, unsure } = verdicts;
  const count = (value: number) => value.toLocaleString('en').padStart(12);
  const rows: readonly (readonly [number, string])[] = [
    [lines, 'lines'],
    [addresses, 'addresses'],
    [pod, 'of a pod'],
    [node, 'of a node'],
    [nobody, 'of no pod at that time'],
    [outside, 'outside: never of this cluster'],
    [unsure, 'not sure'],
    [unreadable, 'lines that could not be read'],
  ];
  const from = `Read as ${format.description}: addresses in ${format.addresses.join(', ')}${format.time === '' ? '' : `, time in ${format.time}`}.`;
  const named = firstUnreadable.map(({ line, reason }) => `              line ${line}: ${reason}`);
  const more = unreadable > firstUnreadable.length ? ['              and others'] : [];
  return [
    from,
    ...rows.map(([value, what]) => `${count(value)}  ${what}`),
    ...named,
    ...(named.length > 0 ? more : []),
  ]
    .map((line) => `${visible(line)}\n`)
    .join('');
}
