import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { OPERATIONS } from '@podips/shared';
import type { FastifyReply } from 'fastify';
import { badge } from '../../pages/badge.js';
import { type Light, worstLight } from '../../status/lights.js';
import { OPERATION_NAMES } from '../../words/operation-names.js';
import type { AppContext } from '../context.js';
import { TextReply } from '../schemas.js';

const MAX_AGE_S = 30;

/** Small pictures of the lights, for pages elsewhere. */
export function badgeRoutes({ tracker, settings }: AppContext): FastifyPluginAsyncTypebox {
  const schema = { tags: ['badges'], produces: ['image/svg+xml'], response: { 200: TextReply } };
  return async (app) => {
    app.get(
      '/badge.svg',
      { schema: { ...schema, summary: 'The worst light as a picture' } },
      async (_request, reply) => {
        const states = Object.values(tracker.states());
        const worst = worstLight(states.map(({ light }) => light));
        return send(reply, `podips ${settings.cluster}`, worst);
      },
    );
    for (const operation of OPERATIONS)
      app.get(
        `/badge/${operation.replace('/', '-')}.svg`,
        { schema: { ...schema, summary: `The light of ${OPERATION_NAMES[operation]} as a picture` } },
        async (_request, reply) => send(reply, OPERATION_NAMES[operation], tracker.states()[operation].light),
      );
  };
}

function send(reply: FastifyReply, label: string, light: Light): FastifyReply {
  return reply
    .type('image/svg+xml; charset=utf-8')
    .header('cache-control', `public, max-age=${MAX_AGE_S}`)
    .header('cross-origin-resource-policy', 'cross-origin')
    .send(badge(label, light).text);
}
