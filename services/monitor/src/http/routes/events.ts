import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ClientPlaces, Origin } from '@podips/shared';
import type { LiveFeed } from '../live/live-feed.js';
import { ErrorReply, TextReply } from '../schemas.js';

export interface EventsContext {
  readonly clientAddress: (request: Origin) => string;
  readonly live: LiveFeed;
  readonly places: ClientPlaces;
}

const RETRY_AFTER_S = 30;

/** The stream that keeps the dashboard live. */
export function eventsRoutes({ clientAddress, live, places }: EventsContext): FastifyPluginAsyncTypebox {
  return async (app) => {
    // Open streams would keep the server from closing.
    app.addHook('preClose', async () => live.close());
    app.get(
      '/api/v1/events',
      {
        exposeHeadRoute: false,
        schema: {
          summary: 'Changes of the dashboard, as server-sent events',
          description:
            'Made for the dashboard: each event is JSON with the time and the parts of the page that changed, ' +
            'at most one a second, and one without parts every 4 seconds as a keepalive. Programs use /api/v1/status.',
          tags: ['pages'],
          produces: ['text/event-stream'],
          response: { 200: TextReply, 503: ErrorReply },
        },
      },
      async (request, reply) => {
        const leave = live.isFull ? undefined : places.take(clientAddress(request));
        if (leave === undefined)
          return reply
            .code(503)
            .header('retry-after', RETRY_AFTER_S)
            .send({ error: 'too many open pages; try again later' });
        reply.hijack();
        const { raw } = reply;
        raw.on('close', leave);
        for (const [name, value] of Object.entries(reply.getHeaders()))
          if (value !== undefined) raw.setHeader(name, value);
        raw.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          // Proxies would otherwise buffer the stream.
          'x-accel-buffering': 'no',
          // The connection serves nothing after the stream: it ends with it.
          connection: 'close',
        });
        live.add(raw);
        return reply;
      },
    );
  };
}
