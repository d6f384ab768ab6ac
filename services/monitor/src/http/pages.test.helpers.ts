import swagger from '@fastify/swagger';
import { clientAddress, createClientPlaces, createLogger } from '@podips/shared';
import { type FastifyInstance, fastify } from 'fastify';
import type { StatusView } from '../view/status-view.js';
import { createLiveFeed, type LiveFeed } from './live/live-feed.js';
import { openApiOptions } from './openapi.js';
import { eventsRoutes } from './routes/events.js';
import { pageRoutes } from './routes/pages.js';
import { SECURITY_HEADERS } from './security-headers.js';

export interface Pages {
  readonly app: FastifyInstance;
  readonly live: LiveFeed;
  /** Shows another view from now on; open pages receive it. */
  show(view: StatusView): void;
}

/** The pages and their stream alone, over views that are made up. The caller closes the application. */
export async function buildPages(
  first: StatusView,
  maxClients?: number,
  placesPerClient = 1_000,
): Promise<Pages> {
  let current = first;
  const app = fastify({ http: {} });
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(SECURITY_HEADERS).header('cache-control', 'no-store');
  });
  await app.register(swagger, openApiOptions('0.0.0'));
  const live = createLiveFeed({
    view: () => current,
    tracker: { onHeartbeat: () => undefined, onTransition: () => undefined },
    now: Date.now,
    log: createLogger('monitor', 'silent'),
    ...(maxClients === undefined ? {} : { maxClients }),
  });
  await app.register(
    pageRoutes({ view: () => current, state: () => current, now: Date.now, prefixOf: () => '' }),
  );
  const places = createClientPlaces({ perClient: placesPerClient, isShared: () => false });
  await app.register(
    eventsRoutes({ clientAddress: (request) => clientAddress(request, () => false), live, places }),
  );
  return {
    app,
    live,
    show(view) {
      current = view;
      live.changed();
    },
  };
}
