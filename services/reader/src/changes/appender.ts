import {
  buildMessage,
  buildRestartMessage,
  describeCause,
  type MessageOrigin,
  type PodIpMessage,
} from '@podips/shared';
import type { ChangeLog } from './change-log.js';
import type { Checkpoint, FailureRecord, Gap, LeaseRecord, RestartRecord } from './entry.js';
import { uncertaintyMs } from './event-times.js';
import type { IpChange, PodFailure } from './leases.js';
import type { PodRestart } from './pod-restarts.js';

export interface AppenderDeps {
  readonly log: ChangeLog;
  readonly origin: MessageOrigin;
  /** Called before the messages of an entry can leave. */
  readonly onPublish: () => void;
  /** Whether restarts of containers are published. They are recorded in any case. */
  readonly restartMessages: boolean;
  readonly onChange: (message: PodIpMessage) => void;
}

/** What one event, or a part of a list, means. */
export interface Facts {
  readonly changes: readonly IpChange[];
  readonly restarts: readonly PodRestart[];
  /** They are recorded, and not published: a message is about an address. */
  readonly failures?: readonly PodFailure[];
}

/** What an entry has beside its facts. */
export interface EntryContext {
  readonly observedAt: Date;
  readonly gaps: readonly Gap[];
  readonly checkpoint: Checkpoint | undefined;
}

/** Writes facts to the change log: as messages, and as what the ledger keeps. */
export class Appender {
  readonly #deps: AppenderDeps;

  constructor(deps: AppenderDeps) {
    this.#deps = deps;
  }

  /** How many messages facts mean. */
  count({ changes, restarts }: Facts): number {
    return changes.length + (this.#deps.restartMessages ? restarts.length : 0);
  }

  append({ changes, restarts, failures = [] }: Facts, { observedAt, ...entry }: EntryContext): void {
    const { log, origin, onPublish, restartMessages, onChange } = this.#deps;
    const messages = changes.map((change) => buildMessage(factsOf(change, observedAt), origin));
    const published = restarts.filter(({ isOld }) => restartMessages && !isOld);
    const restarted = published.map((restart) =>
      buildRestartMessage(restartFactsOf(restart, observedAt), origin),
    );
    if (messages.length + restarted.length > 0) onPublish();
    log.append({
      messages: [...messages, ...restarted].map((message) => JSON.stringify(message)),
      leases: changes.map(toRecord),
      restarts: restarts.map(toRestartRecord),
      failures: failures.map(toFailureRecord),
      ...entry,
    });
    for (const message of messages) onChange(message);
  }
}

function factsOf(change: IpChange, observedAt: Date): Parameters<typeof buildMessage>[0] {
  const { pod, lease, status, inferred, interval } = change;
  const { ip, network, occurrence } = lease;
  const { cause = '', exitCode } = change.endCause ?? {};
  return {
    ...{ pod, ip, network, occurrence, status, inferred, observedAt },
    at: new Date(interval.best),
    uncertaintyMs: uncertaintyMs(interval),
    endCause: describeCause(cause, exitCode),
  };
}

function toRecord({ pod, lease, endReason, endCause, interval, inferred }: IpChange): LeaseRecord {
  const { ip, network, occurrence, started, startInferred } = lease;
  const start = { startedAt: new Date(started.best), startBounds: started, startInferred };
  const at = new Date(interval.best);
  const end = endReason && { at, bounds: interval, reason: endReason, inferred, cause: endCause };
  return { pod, ip, network, occurrence, ...start, end };
}

function restartFactsOf(restart: PodRestart, observedAt: Date): Parameters<typeof buildRestartMessage>[0] {
  const { pod, container, countBefore, count, interval, reason, exitCode } = restart;
  const at = new Date(interval.best);
  const endCause = describeCause(reason, exitCode);
  return {
    pod,
    container,
    countBefore,
    count,
    at,
    observedAt,
    endCause,
    uncertaintyMs: uncertaintyMs(interval),
  };
}

function toFailureRecord({ pod, endCause, interval }: PodFailure): FailureRecord {
  return { pod, at: new Date(interval.best), bounds: interval, cause: endCause };
}

function toRestartRecord({ interval, ...restart }: PodRestart): RestartRecord {
  const { pod, container, countBefore, count, reason, exitCode } = restart;
  return {
    pod,
    container,
    countBefore,
    count,
    reason,
    exitCode,
    at: new Date(interval.best),
    bounds: interval,
  };
}
