import { type Logger, type Running, toError } from '@podips/shared/program';
import { schedule as scheduleTask } from 'node-cron';
import { createPoker, type Poker } from './poke.js';
import type { CronjobSettings } from './settings.js';

export type { CronjobSettings } from './settings.js';

/** Starts the cron job: a single query, or queries on schedule until it is stopped. */
export async function startCronjob(settings: CronjobSettings, log: Logger): Promise<Running> {
  const poker = createPoker(settings);
  return settings.once ? startOnce(poker, log) : startScheduled(poker, settings.schedule, log);
}

/** `finished` rejects when no response came. A stop waits for the response or its deadline. */
function startOnce(poker: Poker, log: Logger): Running {
  const finished = askAndLog(poker, log);
  return {
    finished,
    stop: () => finished,
  };
}

/** A query that fails is logged and the next one runs as scheduled. No two run at once. */
function startScheduled(poker: Poker, schedule: string, log: Logger): Running {
  let poking: Promise<void> | undefined;
  const pokeUnlessBusy = async () => {
    if (poking !== undefined) return;
    poking = askAndLog(poker, log).catch((err) => log.error({ err: toError(err) }, 'query failed'));
    await poking;
    poking = undefined;
  };
  const task = scheduleTask(schedule, pokeUnlessBusy, { logger: taskLogger(log) });
  log.info({ schedule, next: task.getNextRun() }, 'querying the monitor on schedule');
  return {
    async stop() {
      await task.destroy();
      await poking;
    },
  };
}

async function askAndLog(poker: Poker, log: Logger): Promise<void> {
  const status = await poker.poke();
  log[status === 'success' ? 'info' : 'warn']({ status }, 'the monitor answered');
}

/** The scheduler's own messages, which would otherwise go to the console. */
function taskLogger(log: Logger) {
  return {
    info: (message: string) => log.info(message),
    warn: (message: string) => log.warn(message),
    error: (message: string | Error, err?: Error) => log.error({ err: err ?? message }, 'scheduler failed'),
    debug: (message: string | Error) => log.debug({ detail: String(message) }, 'scheduler'),
  };
}
