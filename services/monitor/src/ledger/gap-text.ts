import { exactUtc } from '../words/format.js';
import type { GapView } from './ledger-view.js';

/** Explanations of the reader's gap reasons. */
const REASONS: Readonly<Record<string, string>> = {
  start: 'the reader was not running',
  expired: 'the API server no longer had the events of a time without a watch',
  refused: 'the API server or the database refused a request',
  unreadable: 'a response of the API server could not be parsed',
  silent: 'the watch went silent',
  reset: 'the resource versions of the API server began again lower',
  scope: 'the reader was set to watch something else',
  late: 'messages may have been published out of order',
  clock: 'the clock of the reader’s machine, or of the API server, was set',
  'ledger-overflow': 'the database was unavailable for too long',
  'ledger-reverted': 'the database went back to an earlier state',
};

/** A gap as people read it. */
export function describeGap(
  { cluster, startedAt, endedAt, reason }: Omit<GapView, 'text'>,
  own: string,
): string {
  const where = cluster === own ? '' : ` in ${cluster}`;
  if (startedAt === null)
    return `Before ${exactUtc(endedAt)} podips was not watching${where}: which pod held an address then is unknown.`;
  const why = REASONS[reason];
  const described = why === undefined ? reason : `${reason}: ${why}`;
  return `From ${exactUtc(startedAt)} to ${exactUtc(endedAt)} podips may have missed changes${where} (${described}): a pod may have held an address unseen.`;
}
