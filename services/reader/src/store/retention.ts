import { type Logger, pause, toError } from '@podips/shared';
import type { Ledger } from './ledger.js';

const INTERVAL_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** From the announcement to the first deletion: longer than any answer takes that knows only what there was before. */
const NOTICE_MS = 120_000;

/** Deletes what is older than the retention from the ledger, every hour, until the signal aborts. */
export async function pruneRegularly(
  ledger: Pick<Ledger, 'announce' | 'prune'>,
  retentionDays: number,
  now: () => Date,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  do {
    try {
      const endedBefore = new Date(now().getTime() - retentionDays * DAY_MS);
      await ledger.announce(endedBefore);
      if (!(await pause(NOTICE_MS, signal))) return;
      const deleted = await ledger.prune(endedBefore, signal);
      if (deleted > 0) log.info({ leases: deleted, retentionDays }, 'old leases deleted');
    } catch (err) {
      log.warn({ err: toError(err) }, 'old leases not deleted; tried again in an hour');
    }
  } while (await pause(INTERVAL_MS, signal));
}
