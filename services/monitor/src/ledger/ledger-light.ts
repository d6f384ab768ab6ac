import type { LedgerReport } from '@podips/shared';
import { formatDuration } from '../words/format.js';
import type { LedgerView } from './ledger-view.js';

/** What is known of the ledger, as its light shows it. */
export interface LedgerState {
  readonly light: 'red' | 'yellow' | 'green';
  /** For people. */
  readonly message: string;
  /** Who found it out. */
  readonly by: 'monitor' | 'reader';
}

export interface LedgerFacts {
  /** What the monitor has seen of it. */
  readonly view: LedgerView;
  /** What the reader that leads says of it; undefined: no reader has reported lately. */
  readonly report: LedgerReport | undefined;
  /** Whether the reader's own links work: without them the ledger cannot be complete. */
  readonly isFed: boolean;
  readonly nowMs: number;
  /** Since when the monitor listens. */
  readonly startedAtMs: number;
}

/** Bookmarks come about once a minute, also to a quiet cluster. */
const BEHIND_MS = 300_000;
/** How long a migration takes that is worth no word. */
const QUICK_MIGRATION_MS = 10_000;
/** How long a reader may take to make the tables and to write the first time. */
const FIRST_WRITE_MS = 60_000;

/** Said only where it lasts: a reader migrates at its start. */
const EARLIER = 'a reader of this version has yet to migrate it, and until then lookups are not answered';

/** The light of the ledger: the worse of what reader and monitor see; undefined: not known yet. */
export function ledgerStateOf(facts: LedgerFacts): LedgerState | undefined {
  const { view, report, nowMs, startedAtMs } = facts;
  if (report?.problem != null) return { light: 'red', message: report.problem, by: 'reader' };
  const migratingMs = report?.migratingMs ?? 0;
  if (migratingMs > QUICK_MIGRATION_MS || (view.isMissing && migratingMs > 0))
    return { light: 'yellow', message: `migration running for ${formatDuration(migratingMs)}`, by: 'reader' };
  const isYoung = nowMs - startedAtMs < FIRST_WRITE_MS;
  if (view.error !== null) {
    if (view.isMissing && isYoung) return undefined;
    return { light: 'red', message: view.error, by: 'monitor' };
  }
  if (view.answeredAt === null) return undefined;
  return completeness(facts, isYoung);
}

function completeness({ view, isFed }: LedgerFacts, isYoung: boolean): LedgerState | undefined {
  const by = 'monitor';
  if (view.knownUntil === null)
    return isYoung ? undefined : { light: 'yellow', message: 'no reader has written to it yet', by };
  if (view.lacks !== null)
    return isYoung ? undefined : { light: 'yellow', message: `${EARLIER}: it lacks ${view.lacks}`, by };
  // As of the look: since then it may have come further.
  const behindMs = Date.parse(view.answeredAt ?? '') - Date.parse(view.knownUntil);
  if (behindMs <= BEHIND_MS) return { light: 'green', message: 'up to date', by };
  return isFed
    ? { light: 'yellow', message: 'the reader works, but the ledger is not complete up to now', by }
    : { light: 'green', message: 'can be used, complete as far as a reader has read', by };
}
