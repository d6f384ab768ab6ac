import { Type } from '../schema/type.js';
import { TOO_OLD } from '../status/lights.js';
import { RULES } from '../words/request-rules.js';

/** The header in which a sender of heartbeats says what it calls itself. */
export const HOST_HEADER = 'x-podips-host';

const code = Type.String({
  pattern: '^[0-9]{3}$',
  description: `200 when the operation works, else another number: ${RULES.code}`,
});
const message = Type.String({
  minLength: 1,
  maxLength: 256,
  description: `what happened: ${RULES.message}, percent-encoded`,
});

export const HeartbeatParams = Type.Object({ code, message });

export const QueueHeartbeatParams = Type.Object({
  operation: Type.String({ description: '"write" or "read"' }),
  code,
  message,
});

export const HeartbeatHeaders = Type.Object({
  [HOST_HEADER]: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$',
      description: `what the sender calls itself: ${RULES[HOST_HEADER]}; without it, its address`,
    }),
  ),
});

export const ScopeParams = Type.Object({
  operation: Type.String({
    description: '"read" for the reader, "write" for the writer, "all" for both',
  }),
});

/** The limit of a request without one. */
export const DEFAULT_LIMIT = 50;

export const limit = Type.Optional(
  Type.String({
    pattern: '^([1-9][0-9]?|[1-4][0-9]{2}|500)$',
    description: `${RULES.limit}; ${DEFAULT_LIMIT} without it`,
  }),
);

export const IncidentsQuery = Type.Object({
  limit,
  before: Type.Optional(
    Type.String({ format: 'date-time', description: `only incidents that began earlier: ${RULES.before}` }),
  ),
});

export const UPTIME_WINDOW_RULE = 'window must be 24h, 7d, 30d or 90d';

export const UptimeParams = Type.Object({
  window: Type.String({ description: '24h, 7d, 30d or 90d', examples: ['30d'] }),
});

export const LeasesQuery = Type.Object({
  ip: optional(RULES.addresses),
  at: optional(
    `${RULES.at}; without it now. A time without seconds is a whole minute; a day, for example 2026-01-31, is a range of time.`,
  ),
  from: optional(RULES.from),
  to: optional(RULES.to),
  namespace: optional(RULES.namespace),
  pod: optional(RULES.pod),
  workload: optional(RULES.workload),
  workload_kind: optional(RULES.workload_kind),
  node: optional(RULES.node),
  pod_uid: optional(RULES.pod_uid),
  limit: optional(`${RULES.limit}; 200 without it`),
  after: optional(RULES.after),
});

export const LookupQuery = Type.Object({
  skew: Type.Optional(
    Type.String({ description: `how far the clock of the log may be off: ${RULES.skew}; 1s without it` }),
  ),
  cluster: Type.Optional(
    Type.String({ minLength: 1, description: 'only this cluster; without it all that share the database' }),
  ),
});

export const LinesQuery = Type.Object({
  ...LookupQuery.properties,
  fields: optional(`${RULES.fields}; without it all`),
});

export const KeyLookupQuery = Type.Object({
  ...LookupQuery.properties,
  wait: Type.Optional(
    Type.String({
      description:
        `how long to wait for the ledger to reach the time, for questions about events that just happened: ${RULES.wait}; ` +
        'not at all without it',
    }),
  ),
});

function optional(description: string) {
  return Type.Optional(Type.String({ description }));
}

export const ExportQuery = Type.Object({
  from: optional(`${RULES.from}; without it since ever`),
  to: optional(`${RULES.to}; without it, and at most, as far as is known`),
  cluster: optional(`${RULES.cluster}; without it the one of this monitor`),
  network: optional(`${RULES.network}, of whose addresses the table then is`),
  timeline: optional('"true": also the times between leases are rows'),
});

export const GapsQuery = Type.Object({ limit });

export const HeartbeatReply = Type.Object(
  { status: Type.Enum(['success', 'invalid operation']) },
  { description: '{"status":"success"} when stored, {"status":"invalid operation"} for another operation' },
);

export const AnswerReply = Type.Object(
  { status: Type.Enum(['success', 'fail', TOO_OLD, 'invalid operation']) },
  { description: `{"status":…} with "success", "fail", "${TOO_OLD}" or "invalid operation"` },
);

export const PingReply = Type.Object(
  { ack: Type.Integer() },
  { description: '{"ack":…} with the time in Unix seconds' },
);

export const StateReply = Type.Object(
  { status: Type.String() },
  { description: '{"status":…} with "ok" or "ready"' },
);

export const ErrorReply = Type.Object(
  { error: Type.String(), field: Type.Optional(Type.String()) },
  { description: '{"error":…,"field":…}: which field is wrong, and what would be right' },
);

export const UnavailableReply = Type.Object(
  { error: Type.String() },
  { description: '{"error":…}: why the ledger is unavailable' },
);

export const TextReply = Type.String({ description: 'the page or the text' });
