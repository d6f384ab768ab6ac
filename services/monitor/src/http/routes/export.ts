import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { parseExport } from '../../export/export-question.js';
import { Type } from '../../schema/type.js';
import { refuseEmpty } from '../../words/request-rules.js';
import type { AppContext } from '../context.js';
import { ErrorReply, ExportQuery, UnavailableReply } from '../schemas.js';

const RETRY_AFTER_S = 30;

const EXPORT_SCHEMA = {
  summary: 'All leases in a time, as CSV',
  description:
    'One cluster’s leases as they are in the ledger, ordered by address and start; an empty ended_at: the lease lasts. ' +
    'With timeline=true, whose each address was from 1970 to 2200, in rows that follow each other: the verdict is pod, node, ' +
    'nobody or unsure. For programs that join tables by time. The header Known-Until says up to when everything is in it. ' +
    'When it cannot be completed, the connection breaks off, which clients report as an error.',
  tags: ['ledger'],
  produces: ['text/csv'],
  querystring: ExportQuery,
  response: {
    200: Type.Unsafe<Readable>(
      Type.String({ description: 'a line with the names of the columns, and one for each row' }),
    ),
    400: ErrorReply,
    503: UnavailableReply,
  },
};

/** Tables for other programs; no route without a database. */
export function exportRoutes({ exporter, now, log }: AppContext): FastifyPluginAsyncTypebox {
  if (exporter === undefined) return async () => undefined;
  return async (app) => {
    app.get(
      '/api/v1/leases.csv',
      { exposeHeadRoute: false, schema: EXPORT_SCHEMA },
      async ({ query }, reply) => {
        refuseEmpty(query, ['from', 'to']);
        const question = parseExport(query, now());
        const made = await exporter.begin(question);
        if (made === undefined)
          return reply
            .code(503)
            .header('retry-after', RETRY_AFTER_S)
            .send({ error: 'too many exports at a time; try again later' });
        const stream = Readable.from(made.text, { objectMode: false });
        // The framework breaks the connection off then.
        stream.on('error', (err) => log.warn({ err }, 'export of leases failed'));
        reply.raw.on('close', () => {
          stream.destroy();
          made.leave();
        });
        return reply
          .type('text/csv; charset=utf-8; header=present')
          .header('content-disposition', 'attachment; filename="leases.csv"')
          .header('known-until', new Date(made.knownUntilMs).toISOString())
          .header('x-accel-buffering', 'no')
          .send(stream);
      },
    );
  };
}
