import type { Coverage } from '../ledger/coverage.js';
import { parseTime } from '../ledger/question-time.js';
import { InvalidRequestError } from '../words/request-rules.js';

/** Asks for all leases of a cluster in a time. */
export interface ExportQuestion {
  /** -Infinity: since ever. */
  readonly fromMs: number;
  /** Undefined: as far as is known. */
  readonly toMs: number | undefined;
  /** Undefined: the one of the monitor. */
  readonly cluster: string | undefined;
  /** The default network is the empty one. */
  readonly network: string;
  /** Whether the times in between are rows as well. */
  readonly isTimeline: boolean;
}

export interface ExportFields {
  readonly from?: string;
  readonly to?: string;
  readonly cluster?: string;
  readonly network?: string;
  readonly timeline?: string;
}

/**
 * @param nowMs for times that are said in relation to it
 * @throws {InvalidRequestError}
 */
export function parseExport(fields: ExportFields, nowMs: number): ExportQuestion {
  const { from = '', to = '', cluster, network = '', timeline = 'false' } = fields;
  if (timeline !== 'true' && timeline !== 'false') throw new InvalidRequestError('timeline');
  for (const [name, text] of Object.entries({ cluster, network }))
    if (text?.includes('\0')) throw new InvalidRequestError(name);
  const range = parseTime({ at: '', from, to }, nowMs);
  // Without "at" it is a range.
  const { fromMs, toMs } =
    range !== undefined && 'fromMs' in range ? range : { fromMs: Number.NEGATIVE_INFINITY, toMs: undefined };
  return { fromMs, toMs, cluster, network, isTimeline: timeline === 'true' };
}

/**
 * What is known of the cluster that is meant: the one that is named, else that of the monitor, else the only one.
 * @throws {InvalidRequestError} when there is none
 */
export function coverageOf(coverage: readonly Coverage[], wanted: string | undefined, own: string): Coverage {
  const [only, second] = coverage;
  const found =
    coverage.find(({ cluster }) => cluster === (wanted ?? own)) ??
    (wanted === undefined && second === undefined ? only : undefined);
  if (found !== undefined) return found;
  const names = coverage.map(({ cluster }) => cluster).slice(0, MAX_NAMED);
  const known =
    names.length === 0 ? 'and it is empty: no reader has written to it yet' : `those are ${names.join(', ')}`;
  throw new InvalidRequestError('cluster', `cluster must be one of the ledger: ${known}`);
}

const MAX_NAMED = 20;
