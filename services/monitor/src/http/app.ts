import swagger from '@fastify/swagger';
import {
  clientAddress,
  createClientPlaces,
  createHttpServer,
  createNetworks,
  MAX_HEADER_BYTES,
  readVersion,
} from '@podips/shared';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { createMetrics } from '../metrics.js';
import { createStatusView } from '../view/create-status-view.js';
import { installAccess } from './access/access.js';
import { installBasePath, prefixOf, stripBasePath } from './base-path.js';
import { installCompression } from './compression.js';
import type { AppContext, AppDeps } from './context.js';
import { installErrorReplies, replyToMalformed, replyWithError } from './error-replies.js';
import { createLiveFeed } from './live/live-feed.js';
import { openApiOptions } from './openapi.js';
import { announcementRoutes } from './routes/announcements.js';
import { answerRoutes } from './routes/answers.js';
import { statusRoutes } from './routes/api-v1.js';
import { badgeRoutes } from './routes/badge.js';
import { eventsRoutes } from './routes/events.js';
import { exportRoutes } from './routes/export.js';
import { fileRoutes } from './routes/file.js';
import { heartbeatRoutes } from './routes/heartbeats.js';
import { helpRoutes } from './routes/help.js';
import { incidentRoutes } from './routes/incidents.js';
import { leasesRoutes } from './routes/leases.js';
import { lookupRoutes } from './routes/lookup.js';
import { operationsRoutes } from './routes/operations.js';
import { pageRoutes } from './routes/pages.js';
import { reportRoutes } from './routes/reports.js';
import { workloadsRoutes } from './routes/workloads.js';
import { SECURITY_HEADERS } from './security-headers.js';
import { createUploads, type Uploads } from './uploads.js';

const ROUTES = [
  heartbeatRoutes,
  reportRoutes,
  answerRoutes,
  statusRoutes,
  badgeRoutes,
  leasesRoutes,
  fileRoutes,
  lookupRoutes,
  exportRoutes,
  workloadsRoutes,
  eventsRoutes,
  operationsRoutes,
  pageRoutes,
  helpRoutes,
  incidentRoutes,
  announcementRoutes,
] as const;

const MAX_BODY_BYTES = 65_536;

/** The monitor's HTTP interface, ready for `inject` or `listen`. It does not close its dependencies. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const version = readVersion();
  const loggerInstance: FastifyBaseLogger = deps.log;
  const { basePath } = deps.settings;
  const { connectionsPerClient, trustedProxies } = deps.settings.access;
  const isShared = createNetworks(trustedProxies);
  const uploads = createUploads(replyToMalformed);
  const app = fastify({
    loggerInstance,
    // Heartbeats come every second: routes log for themselves.
    logController: new LogController({ disableRequestLogging: true }),
    serverFactory: (listener) =>
      createHttpServer(listener, { connectionsPerClient, isShared, headers: SECURITY_HEADERS }),
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: isShared,
    // The longest possible path; the schemas are stricter and name what is wrong.
    rewriteUrl: ({ url = '/' }) => stripBasePath(url, basePath),
    routerOptions: { maxParamLength: MAX_HEADER_BYTES },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: replyWithError,
    clientErrorHandler: uploads.onClientError,
  });
  installErrorReplies(app);
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(SECURITY_HEADERS).header('cache-control', 'no-store');
  });
  installBasePath(app, { basePath, isTrusted: isShared });
  installCompression(app);
  installAccess(app, deps.settings.access);
  await app.register(swagger, openApiOptions(version));
  const context = createContext(deps, version, uploads);
  for (const routes of ROUTES) await app.register(routes(context));
  return app;
}

function createContext(deps: AppDeps, version: string, uploads: Uploads): AppContext {
  const { settings, peers } = deps;
  const view = createStatusView({
    ...deps,
    ...settings,
    clusters: () => peers.view(),
  });
  const live = createLiveFeed({ ...deps, view });
  for (const source of [peers, deps.flow, deps.announcements, deps.ledger, deps.workloads])
    source?.onNews(() => live.changed());
  const metrics = createMetrics({ ...deps, ...settings, live, version });
  const { streamsPerClient: perClient, trustedProxies } = settings.access;
  const isShared = createNetworks(trustedProxies);
  return {
    ...deps,
    view,
    state: () => deps.store.latest(),
    clientAddress: (request) => clientAddress(request, isShared),
    prefixOf: (request) => prefixOf(request, { basePath: settings.basePath, isTrusted: isShared }),
    live,
    beginUpload: uploads.begin,
    places: createClientPlaces({ perClient, isShared }),
    metrics,
  };
}
