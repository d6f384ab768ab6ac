import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { apiPage, readApiDocument } from '../../pages/api-page.js';
import { dashboardPage } from '../../pages/dashboard-page.js';
import type { StatusView } from '../../view/status-view.js';
import { loadAssets } from '../assets.js';
import type { AppContext } from '../context.js';
import { createPageCache } from '../page-cache.js';
import { TextReply } from '../schemas.js';

export interface PagesContext {
  readonly view: () => StatusView;
  /** Another object after each heartbeat. */
  readonly state: () => object;
  readonly now: () => number;
  readonly prefixOf: AppContext['prefixOf'];
}

const ONE_YEAR_S = 31_536_000;
const ONE_DAY_S = 86_400;

/** The pages for people, and what they load. */
export function pageRoutes({ view, state, now, prefixOf }: PagesContext): FastifyPluginAsyncTypebox {
  const { files, assets } = loadAssets();
  const dashboard = createPageCache({
    render: () => dashboardPage(view(), assets).text,
    state,
    now,
  });
  const describeApi = (document: unknown) => {
    const { overall: light, ledger } = view();
    return apiPage(readApiDocument(document), { assets, light, hasLedger: ledger !== null });
  };
  return async (app) => {
    const page = { tags: ['pages'], produces: ['text/html'], response: { 200: TextReply } };
    app.get('/', { schema: { ...page, summary: 'The dashboard' } }, async (_request, reply) =>
      sendHtml(reply, dashboard()),
    );
    app.get('/api', { schema: { ...page, summary: 'The API documentation' } }, async (_request, reply) =>
      sendHtml(reply, describeApi(app.swagger()).text),
    );
    app.get(
      '/api/openapi.json',
      { schema: { summary: 'The API documentation as an OpenAPI document', tags: ['pages'] } },
      async (request, reply) => {
        reply.type('application/json');
        return { ...app.swagger(), servers: [{ url: prefixOf(request) || '/' }] };
      },
    );
    for (const { path, type, text, immutable } of files) {
      const caching = immutable ? `public, max-age=${ONE_YEAR_S}, immutable` : `public, max-age=${ONE_DAY_S}`;
      // The same one each time, which is compressed once.
      const content = Buffer.from(text);
      app.get(path, { schema: { hide: true } }, async (_request, reply) => {
        reply.type(type).header('cache-control', caching);
        return content;
      });
    }
  };
}

export function sendHtml(reply: FastifyReply, page: string | Buffer): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page);
}
