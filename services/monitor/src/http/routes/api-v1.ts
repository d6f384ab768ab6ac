import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '../../schema/type.js';
import { IncidentView, StatusView } from '../../view/status-view.js';
import { InvalidRequestError } from '../../words/request-rules.js';
import type { AppContext } from '../context.js';
import { DEFAULT_LIMIT, ErrorReply, IncidentsQuery } from '../schemas.js';

const StatusReply = Type.Object(StatusView.properties, {
  description: 'lights, last heartbeats, the last 24 hours, incidents, alerting, other clusters',
});
const IncidentsReply = Type.Object(
  { incidents: Type.Array(IncidentView) },
  { description: '{"incidents":[…]}, the newest first' },
);

/** Everything that the page shows, for programs. */
export function statusRoutes({ view, history }: AppContext): FastifyPluginAsyncTypebox {
  const tags = ['status'];
  return async (app) => {
    app.get(
      '/api/v1/status',
      {
        schema: {
          summary: 'Everything that the dashboard shows',
          tags,
          response: { 200: StatusReply },
        },
      },
      async () => view(),
    );
    app.get(
      '/api/v1/incidents',
      {
        schema: {
          summary: 'Times in which an operation did not work, the newest first',
          description:
            'For the next page, use the startedAt of the last one as "before". Incidents that began at the same ' +
            'time are returned together, even if that exceeds the limit by a few.',
          tags,
          querystring: IncidentsQuery,
          response: { 200: IncidentsReply, 400: ErrorReply },
        },
      },
      async ({ query: { limit, before } }) => {
        const count = limit === undefined ? DEFAULT_LIMIT : Number(limit);
        const beforeMs = before === undefined ? undefined : Date.parse(before);
        // A leap second has the right form, but Date cannot represent it.
        if (Number.isNaN(beforeMs)) throw new InvalidRequestError('before');
        return { incidents: history.incidents(count, beforeMs) };
      },
    );
  };
}
