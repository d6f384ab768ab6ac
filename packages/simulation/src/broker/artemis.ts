import type { Behaviour, Flow, WantedHeartbeats } from './behaviour.js';
import { integerOf } from './frame-fields.js';

/** `TransportConstants.STOMP_DEFAULT_CONSUMER_WINDOW_SIZE`, in bytes. */
const DEFAULT_WINDOW_BYTES = 10 * 1024;
/** User manual, "STOMP heart-beating and connection-ttl". */
const DEFAULT_TTL_MS = 60_000;
const MIN_TTL_MS = 1_000;
const TTL_PER_HEARTBEAT = 2;
const MIN_SERVER_HEARTBEAT_MS = 500;
/** `connection-ttl-check-interval`. */
const TTL_CHECK_MS = 2_000;

/**
 * Artemis with the configuration that `artemis create` writes, after its user manual ("STOMP", "Flow Control") and the
 * source of its STOMP protocol (2.45, the classes named below). It is in no package here, so that this has to stand for it.
 */
export const ARTEMIS: Behaviour = {
  /** `StompConnection`, SERVER_NAME. */
  server: 'ActiveMQ-Artemis/2.45.0 ActiveMQ Artemis Messaging Engine',
  /** User manual, "Transactional Acknowledgements": the header is ignored; `StompFrameHandlerV12.onAck` runs at once. */
  ackJoinsTransaction: false,
  /** `StompFrameHandlerV11.onNack`: "discard the message (it never be redelivered again)". */
  nackDeadLetters: false,
  /** `broker.xml`, dead-letter-address of `#`. */
  deadLetterQueue: 'DLQ',
  /** `AddressSettings.DEFAULT_MAX_DELIVERY_ATTEMPTS`. */
  maxDeliveryAttempts: 10,
  /** `StompConnection.handleFrame` answers and reads on; only a bad login and a frame that cannot be read end it. */
  endsAtError: false,
  /** User manual, "Routing Semantics": without `destination-type` the default is `default-address-routing-type`, MULTICAST. */
  multicastByDefault: true,
  /** `StompFrameHandlerV11.HeartBeater`: the client may be silent for twice its own interval, and never has to wait. */
  heartbeats(wanted: WantedHeartbeats | undefined) {
    const { clientSendsMs = 0, clientWantsMs = 0 } = wanted ?? {};
    const ttlMs =
      clientSendsMs === 0 ? DEFAULT_TTL_MS : Math.max(clientSendsMs * TTL_PER_HEARTBEAT, MIN_TTL_MS);
    const outgoingMs = clientWantsMs === 0 ? 0 : Math.max(clientWantsMs, MIN_SERVER_HEARTBEAT_MS);
    return {
      clientSilenceMs: ttlMs,
      checkEveryMs: TTL_CHECK_MS,
      outgoingMs,
      answer: wanted && `${outgoingMs},${ttlMs / TTL_PER_HEARTBEAT}`,
    };
  },
  /** User manual, "Flow Control": a number of bytes, in either header; -1 is no bound, 0 one message at a time. */
  flow(subscribe, ackMode): Flow {
    const bytes =
      integerOf(subscribe, 'consumer-window-size') ??
      integerOf(subscribe, 'activemq.prefetchSize') ??
      (ackMode === 'auto' ? -1 : DEFAULT_WINDOW_BYTES);
    const window = bytes === -1 ? Number.POSITIVE_INFINITY : Math.max(bytes, 1);
    return { window, cost: (encodedBytes) => encodedBytes() };
  },
  /** `StompUtils.copyStandardHeadersFromMessageToFrame`. */
  deliveryHeaders: ({ headers, attempts }) => ({
    expires: '0',
    redelivered: String(attempts > 0),
    priority: '4',
    persistent: headers.get('persistent') ?? 'false',
    timestamp: String(Date.now()),
  }),
  /** `StompProtocolManager.cleanup`: "last consumed as delivered" is the first that a consumer holds; all others were never delivered. */
  countsAsDelivered: (index, connectionEnded) => connectionEnded && index === 0,
  /** `VersionedStompFrameHandler.getFailedAuthenticationResponse`. */
  loginRefused: (user) => `Security Error occurred: User name [${user}] or password is invalid`,
  /** `ActiveMQMessageBundle`, 229032, which `StompConnection.autoCreateDestinationIfPossible` passes on without its colons. */
  refusal(user, action, destination) {
    const permission = action === 'send' ? 'CREATE_ADDRESS' : 'CONSUME';
    return `AMQ229032 User ${user} does not have permission='${permission}' on address ${destination}`;
  },
};
