import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { REPORTS_PATH } from '@podips/shared';
import { Report } from '../../flow/report.js';
import { Type } from '../../schema/type.js';
import type { AppContext } from '../context.js';
import { ErrorReply, HeartbeatHeaders } from '../schemas.js';

/** How far readers and writers have got, beside their heartbeats. */
export function reportRoutes({ flow }: AppContext): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      REPORTS_PATH,
      {
        schema: {
          summary: 'How far a reader or a writer has got: what it has published or delivered, and what waits',
          tags: ['heartbeats'],
          headers: HeartbeatHeaders,
          body: Report,
          response: { 204: Type.Null({ description: 'received' }), 400: ErrorReply },
        },
      },
      async ({ body }, reply) => {
        flow.receive(body);
        return reply.code(204).send(null);
      },
    );
  };
}
