import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import type { AppContext } from '../app.js';
import { TextReply } from '../schemas.js';
import { apiPage, readApiDocument } from '../views/api-page.js';
import { dashboardPage } from '../views/dashboard-page.js';
import type { Html } from '../views/html.js';

const STYLE_FILE = new URL('../../public/style.css', import.meta.url);
const ONE_YEAR_S = 31_536_000;

/** The pages for people, and what they load. */
export function pageRoutes({ store, now, settings }: AppContext): FastifyPluginAsyncTypebox {
  const style = readFileSync(STYLE_FILE, 'utf8');
  // The name changes with the content, so browsers may keep it for ever.
  const stylePath = `/assets/style-${createHash('sha256').update(style).digest('hex').slice(0, 12)}.css`;

  return async (app) => {
    const page = { tags: ['pages'], produces: ['text/html'], response: { 200: TextReply } };
    app.get('/', { schema: { ...page, summary: 'The dashboard' } }, async (_request, reply) =>
      sendHtml(
        reply,
        dashboardPage({
          statuses: store.latest(),
          problem: store.problem,
          nowMs: now(),
          ageLimitMs: settings.ageLimitMs,
          stylePath,
        }),
      ),
    );
    app.get('/api', { schema: { ...page, summary: 'The API documentation' } }, async (_request, reply) =>
      sendHtml(reply, apiPage(readApiDocument(app.swagger()), stylePath)),
    );
    app.get(
      '/api/openapi.json',
      { schema: { summary: 'The API documentation as an OpenAPI document', tags: ['pages'] } },
      async (_request, reply) => {
        reply.type('application/json');
        return app.swagger();
      },
    );
    app.get(stylePath, { schema: { hide: true } }, async (_request, reply) => {
      reply
        .type('text/css; charset=utf-8')
        .header('cache-control', `public, max-age=${ONE_YEAR_S}, immutable`);
      return style;
    });
  };
}

function sendHtml(reply: FastifyReply, page: Html): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page.text);
}
