import { isDeepStrictEqual } from 'node:util';
import { FailureLog, type Logger, pause, toError } from '@podips/shared';
import type { Ledger, LoadedLedger } from './store/ledger.js';
import type { EndedTerm, Term, TermOptions } from './term.js';
import { isLedgerLoss } from './term-start.js';

export interface TermsDeps {
  /** Undefined when no database is set. */
  readonly ledger: Pick<Ledger, 'load'> | undefined;
  /** How long the first term waits for its ledger, in milliseconds. */
  readonly databaseWaitMs: number;
  readonly log: Logger;
  readonly onLoadFailed: () => void;
  readonly open: (options: TermOptions) => Term;
}

/** The term that runs, for the gauges. */
export interface TermsView {
  term: Term | undefined;
}

type LoadDeps = TermsDeps & { readonly failures: FailureLog };

const LOAD_RETRY_MS = 1_000;
const FENCED_REST_MS = 5_000;
/** Before another restart when the ledger can be loaded, but none of what follows can be written to it. */
const UNWRITABLE_REST_MS = 600_000;

/**
 * One rule for catching up, whatever the reason: end the term, continue from the ledger's checkpoint. A term runs until the
 * next one has its ledger, so that no pod waits for the database.
 */
export async function runTerms(
  deps: TermsDeps,
  leadership: TermOptions['leadership'],
  view: TermsView,
  signal: AbortSignal,
): Promise<void> {
  const failures = new FailureLog(deps.log, { failed: 'ledger not loaded', worked: 'ledger loaded again' });
  const loading: LoadDeps = { ...deps, failures };
  let previous: EndedTerm | undefined;
  while (!signal.aborted) {
    const ledger = previous?.ledger ?? (await loadPatiently(loading, signal));
    if (signal.aborted) return;
    const incomplete = isLedgerLoss(previous?.end) && ledger ? extentOf(ledger) : undefined;
    view.term = deps.open({
      ledger,
      previous: previous?.end,
      untilLedger: (ended) => loadNext(loading, incomplete, ended),
      leadership,
    });
    previous = await view.term.run(signal);
    view.term = undefined;
    const { end } = previous;
    if (end === 'fenced' && !(await outlivesFence(leadership, signal))) return;
    if (end !== 'stopped') deps.log.warn({ reason: end }, 'restarting from the ledger');
  }
}

/**
 * A reader that was fenced off continues only if it holds the Lease all the same: the other one does not take part in this
 * election, or the database was emptied. The rest keeps two such readers from doing nothing but fencing each other off.
 */
async function outlivesFence(leadership: TermOptions['leadership'], signal: AbortSignal): Promise<boolean> {
  return (await pause(FENCED_REST_MS, signal)) && leadership.confirm(signal);
}

/** Without the ledger every pod would be published again: worth a wait. */
async function loadPatiently(deps: LoadDeps, signal: AbortSignal): Promise<LoadedLedger | undefined> {
  const untilMs = performance.now() + deps.databaseWaitMs;
  for (;;) {
    const ledger = await tryToLoad(deps);
    const hopeless = deps.ledger === undefined || performance.now() > untilMs;
    if (ledger || hopeless || !(await pause(LOAD_RETRY_MS, signal))) return ledger;
  }
}

/** How far a ledger has got: parts of a list are in it before there is a version. */
interface Extent {
  readonly version: string | undefined;
  readonly pods: number;
  readonly latest: number | undefined;
}

/** To be called before a term has the ledger, whose pods are its own from then on. */
function extentOf({ checkpoint, known, latest }: LoadedLedger): Extent {
  return { version: checkpoint?.resourceVersion, pods: known.size, latest: latest?.getTime() };
}

/**
 * Loads the ledger for the next term as soon as it can be loaded.
 * @param incomplete how far the ledger of this term had got, if it lacked what the term before had published
 * @returns undefined when the signal aborted before
 */
async function loadNext(
  deps: LoadDeps,
  incomplete: Extent | undefined,
  signal: AbortSignal,
): Promise<LoadedLedger | undefined> {
  let ledger = await tryToLoad(deps);
  while (ledger === undefined && (await pause(LOAD_RETRY_MS, signal))) ledger = await tryToLoad(deps);
  // Each restart publishes once more what followed the checkpoint.
  const reached = ledger && extentOf(ledger);
  if (incomplete && isDeepStrictEqual(incomplete, reached)) await pause(UNWRITABLE_REST_MS, signal);
  return ledger;
}

/** The ledger, or undefined when there is none or the database is unavailable. */
async function tryToLoad({ ledger, failures, onLoadFailed }: LoadDeps): Promise<LoadedLedger | undefined> {
  try {
    const loaded = await ledger?.load();
    failures.worked();
    return loaded;
  } catch (err) {
    failures.failed(toError(err));
    onLoadFailed();
    return undefined;
  }
}
