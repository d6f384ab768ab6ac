import { OPERATIONS, type Operation } from '@podips/shared';

/** One report of one operation. */
export interface Heartbeat {
  readonly operation: Operation;
  /** 200 when the operation works, else another three-digit number. */
  readonly code: number;
  readonly message: string;
  readonly receivedAtMs: number;
  /** The client's address. */
  readonly remoteAddress: string;
  /** The sender's own name, else its remote address. */
  readonly host: string;
}

/** The last heartbeat of each operation; undefined: none was ever received. */
export type Statuses = Readonly<Record<Operation, Heartbeat | undefined>>;

/** Stores heartbeats. A store that cannot save continues in memory: it never fails or delays a heartbeat. */
export interface StatusStore {
  latest(): Statuses;
  /** Stores a heartbeat. Returns at once, never throws. */
  record(heartbeat: Heartbeat): void;
  /** Why the store cannot save, for people to read; undefined while it can. */
  readonly problem: string | undefined;
  /** Why an earlier run's heartbeats could not be read, for people to read. */
  readonly damage: string | undefined;
  /** Saves what is not saved yet. */
  close(): Promise<void>;
}

/** The last of the given heartbeats for each operation. */
export function latestOf(heartbeats: Iterable<Heartbeat>): Statuses {
  const latest = new Map([...heartbeats].map((heartbeat) => [heartbeat.operation, heartbeat]));
  return {
    kubernetes: latest.get('kubernetes'),
    'queue/write': latest.get('queue/write'),
    'queue/read': latest.get('queue/read'),
    log: latest.get('log'),
  };
}

/** The heartbeats there are, in the order in which data flows. */
export function receivedHeartbeats(statuses: Statuses): Heartbeat[] {
  return OPERATIONS.map((operation) => statuses[operation]).filter((heartbeat) => heartbeat !== undefined);
}
