import { OPERATIONS, type Operation } from '@podips/shared';

/** What has a light: the four operations, in the order in which data flows, and the ledger beside them. */
export const LIGHT_IDS = [...OPERATIONS, 'ledger'] as const;
export type LightId = (typeof LIGHT_IDS)[number];

/** A value for each light; without a database none for the ledger. */
export type PerLight<T> = Readonly<Record<Operation, T>> & { readonly ledger?: T };

/** One report of one operation, or what is known of the ledger. */
export interface Heartbeat {
  readonly operation: LightId;
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
export type Statuses = PerLight<Heartbeat | undefined>;

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
    ...(latest.has('ledger') ? { ledger: latest.get('ledger') } : {}),
  };
}

/** The heartbeats there are, in the order in which data flows. */
export function receivedHeartbeats(statuses: Statuses): Heartbeat[] {
  return LIGHT_IDS.map((id) => statuses[id]).filter((heartbeat) => heartbeat !== undefined);
}
