import type { Behaviour, Flow, WantedHeartbeats } from './behaviour.js';
import { positiveInteger } from './frame-fields.js';

const DEFAULT_PREFETCH = 1_000;

/** ActiveMQ Classic, as far as podips depends on it. The same tests run against the real one (`tests/queue/conformance`). */
export const CLASSIC: Behaviour = {
  server: 'ActiveMQ/5.17.2 (stand-in)',
  ackJoinsTransaction: true,
  nackDeadLetters: true,
  deadLetterQueue: '/queue/ActiveMQ.DLQ',
  // What its consumers lose is not counted: they would count it themselves.
  maxDeliveryAttempts: Number.POSITIVE_INFINITY,
  endsAtError: true,
  multicastByDefault: false,
  /**
   * The real one ends a connection after one interval without a byte (`AbstractInactivityMonitor.readCheck`). This one often
   * shares its event loop with its clients, and waits for two.
   */
  heartbeats(wanted: WantedHeartbeats | undefined, ownMs: number) {
    const { clientSendsMs = 0, clientWantsMs = 0 } = wanted ?? {};
    const incomingMs = agreed(clientSendsMs, ownMs);
    return {
      clientSilenceMs: 2 * incomingMs,
      checkEveryMs: incomingMs,
      outgoingMs: agreed(ownMs, clientWantsMs),
      answer: `${ownMs},${ownMs}`,
    };
  },
  /** ActiveMQ, "Stomp", "Stomp extensions": `activemq.prefetchSize` is a number of messages. */
  flow(subscribe): Flow {
    const window = positiveInteger(subscribe, 'activemq.prefetchSize') ?? DEFAULT_PREFETCH;
    return { window, cost: () => 1 };
  },
  deliveryHeaders: ({ attempts }): Record<string, string> => (attempts > 0 ? { redelivered: 'true' } : {}),
  countsAsDelivered: () => true,
  loginRefused: () => 'user name or password is wrong',
  refusal(user, action, destination) {
    const what = action === 'send' ? 'write to' : 'read from';
    return `User ${user} is not authorized to ${what}: queue://${destination.replace('/queue/', '')}`;
  },
};

/** STOMP 1.2, "Heart-beating". */
function agreed(sendsMs: number, wantsMs: number): number {
  return sendsMs === 0 || wantsMs === 0 ? 0 : Math.max(sendsMs, wantsMs);
}
