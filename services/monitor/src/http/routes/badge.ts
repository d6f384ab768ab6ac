import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { badge } from '../../pages/badge.js';
import { type Light, worstLight } from '../../status/lights.js';
import { entriesOf } from '../../status/map-operations.js';
import type { LightId } from '../../status/statuses.js';
import type { UptimeView } from '../../view/status-view.js';
import { wordOf } from '../../words/light-words.js';
import { LIGHT_NAMES } from '../../words/operation-names.js';
import { InvalidRequestError } from '../../words/request-rules.js';
import { uptimeWords, WINDOW_WORDS } from '../../words/uptime.js';
import type { AppContext } from '../context.js';
import { ErrorReply, TextReply, UPTIME_WINDOW_RULE, UptimeParams } from '../schemas.js';

const MAX_AGE_S = 30;

/** Small pictures of the lights, for pages elsewhere. */
export function badgeRoutes({ tracker, history, now, settings }: AppContext): FastifyPluginAsyncTypebox {
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
    for (const id of idsOf(tracker))
      app.get(
        `/badge/${id.replace('/', '-')}.svg`,
        { schema: { ...schema, summary: `The light of ${LIGHT_NAMES[id]} as a picture` } },
        async (_request, reply) => {
          const light = tracker.states()[id]?.light ?? 'grey';
          return send(reply, LIGHT_NAMES[id], light, wordOf(id, light));
        },
      );
    for (const id of idsOf(tracker))
      app.get(
        `/badge/uptime/:window/${id.replace('/', '-')}.svg`,
        {
          schema: {
            ...schema,
            params: UptimeParams,
            summary: `The uptime of ${LIGHT_NAMES[id]} as a picture`,
            response: { 200: TextReply, 400: ErrorReply },
          },
        },
        async ({ params: { window } }, reply) => {
          const uptime = history.uptime(id, now()).find((one) => one.window === window);
          if (uptime === undefined) throw new InvalidRequestError('window', UPTIME_WINDOW_RULE);
          return send(
            reply,
            `${LIGHT_NAMES[id]}, ${WINDOW_WORDS[uptime.window]}`,
            lightOf(uptime),
            uptimeWords(uptime),
          );
        },
      );
  };
}

/** The colour of an uptime: green from three nines on, yellow from two. */
function lightOf({ percent }: UptimeView): Light {
  if (percent === null) return 'grey';
  if (percent >= 99.9) return 'green';
  return percent >= 99 ? 'yellow' : 'red';
}

/** All that has a light; the ledger only with a database. */
function idsOf(tracker: AppContext['tracker']): LightId[] {
  return entriesOf(tracker.states()).map(([id]) => id);
}

function send(reply: FastifyReply, label: string, light: Light, word?: string): FastifyReply {
  return reply
    .type('image/svg+xml; charset=utf-8')
    .header('cache-control', `public, max-age=${MAX_AGE_S}`)
    .header('cross-origin-resource-policy', 'cross-origin')
    .send(badge(label, light, word).text);
}
