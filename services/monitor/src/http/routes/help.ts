import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { openHelp } from '../../help/help.js';
import { helpIndex, helpPage } from '../../pages/help-page.js';
import { Type } from '../../schema/type.js';
import { loadAssets } from '../assets.js';
import type { AppContext } from '../context.js';
import { ErrorReply, TextReply } from '../schemas.js';
import { sendHtml } from './pages.js';

/** The documents of this version, so that an alert leads to what repairs it wherever the repository is. */
export function helpRoutes({ view }: Pick<AppContext, 'view'>): FastifyPluginAsyncTypebox {
  const help = openHelp();
  const { assets } = loadAssets();
  const options = () => {
    const { overall: light, ledger } = view();
    return { assets, light, hasLedger: ledger !== null };
  };
  return async (app) => {
    const page = { tags: ['pages'], produces: ['text/html'] };
    app.get(
      '/help',
      { schema: { ...page, summary: 'The documents of this version', response: { 200: TextReply } } },
      async (_request, reply) => {
        const titles = new Map<string, string>();
        for (const name of help.names) titles.set(name, (await help.read(name))?.title ?? name);
        return sendHtml(reply, helpIndex(titles, options()).text);
      },
    );
    app.get(
      '/help/:name',
      {
        schema: {
          ...page,
          summary: 'A document, for example troubleshooting',
          params: Type.Object({ name: Type.String({ description: 'its name, without .md' }) }),
          response: { 200: TextReply, 404: ErrorReply },
        },
      },
      async ({ params: { name } }, reply) => {
        const document = await help.read(name);
        if (document === undefined)
          return reply.code(404).send({ error: 'there is no such document; /help lists them' });
        return sendHtml(reply, helpPage(document, options()).text);
      },
    );
  };
}
