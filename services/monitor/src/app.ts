import swagger from '@fastify/swagger';
import type { Logger } from '@podips/shared';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { installErrorReplies, replyWithError } from './error-replies.js';
import { createMetrics, type Metrics } from './metrics.js';
import { answerRoutes } from './routes/answers.js';
import { heartbeatRoutes } from './routes/heartbeats.js';
import { operationsRoutes } from './routes/operations.js';
import { pageRoutes } from './routes/pages.js';
import { SECURITY_HEADERS } from './security-headers.js';
import type { StatusStore } from './statuses.js';

export interface AppDeps {
  readonly store: StatusStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly settings: { readonly ageLimitMs: number };
  readonly log: Logger;
}

/** What routes are made from. */
export interface AppContext extends AppDeps {
  readonly metrics: Metrics;
}

const MAX_HEADER_BYTES = 16_384;
const MAX_BODY_BYTES = 65_536;
const REQUEST_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;

/** The monitor's HTTP interface, ready for `inject` or `listen`. It does not close the store. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = deps.log;
  const app = fastify({
    loggerInstance,
    // Heartbeats come by the second: routes log for themselves.
    logController: new LogController({ disableRequestLogging: true }),
    http: { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: REQUEST_TIMEOUT_MS },
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    // As long as a path can get; the schemas are stricter and say what is wrong.
    routerOptions: { maxParamLength: MAX_HEADER_BYTES },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: replyWithError,
  });
  installErrorReplies(app);
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(SECURITY_HEADERS).header('cache-control', 'no-store');
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'podips monitor',
        version: '2.0.0',
        description: 'Takes heartbeats of the reader and the writer, and says how they are.',
      },
    },
  });
  const context = { ...deps, metrics: createMetrics({ ...deps, ageLimitMs: deps.settings.ageLimitMs }) };
  for (const routes of [heartbeatRoutes, answerRoutes, operationsRoutes, pageRoutes])
    await app.register(routes(context));
  return app;
}
