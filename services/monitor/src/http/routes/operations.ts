import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { createMetricsText } from '@podips/shared';
import type { FastifyReply } from 'fastify';
import type { AppContext } from '../context.js';
import { StateReply, TextReply } from '../schemas.js';

/**
 * For probes and Prometheus. The monitor is ready as soon as it answers: a disk that cannot be written is a metric
 * and a line on the dashboard, not a reason to refuse heartbeats.
 */
export function operationsRoutes({ metrics }: AppContext): FastifyPluginAsyncTypebox {
  const tags = ['operation'];
  const text = createMetricsText(metrics);
  return async (app) => {
    app.get(
      '/healthz',
      { schema: { summary: 'Whether the process is alive', tags, response: { 200: StateReply } } },
      async () => ({ status: 'ok' }),
    );
    app.get(
      '/readyz',
      { schema: { summary: 'Whether it accepts heartbeats', tags, response: { 200: StateReply } } },
      async () => ({ status: 'ready' }),
    );
    app.get(
      '/metrics',
      {
        schema: {
          summary: 'Metrics for Prometheus',
          tags,
          produces: ['text/plain'],
          response: { 200: TextReply },
        },
      },
      async (_request, reply: FastifyReply) => reply.type(metrics.contentType).send(await text()),
    );
  };
}
