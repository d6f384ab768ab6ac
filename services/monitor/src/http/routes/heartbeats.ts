import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { OPERATIONS, type Operation } from '@podips/shared';
import type { FastifyRequest } from 'fastify';
import type { AppContext } from '../context.js';
import {
  ErrorReply,
  HeartbeatHeaders,
  HeartbeatParams,
  HeartbeatReply,
  HOST_HEADER,
  QueueHeartbeatParams,
} from '../schemas.js';

const MAX_BODY_BYTES = 1_024;
const METHODS = ['GET', 'POST'];
const RESPONSES = { 200: HeartbeatReply, 400: ErrorReply };

const SIMPLE_ROUTES = [
  { operation: 'kubernetes', summary: 'The reader read from Kubernetes, or failed to' },
  { operation: 'log', summary: 'The writer wrote to Fluentd, or failed to' },
] as const;

/** The heartbeats of the four operations. GET stores too, as in podips 1.1; new clients use POST. */
export function heartbeatRoutes(context: AppContext): FastifyPluginAsyncTypebox {
  const receive = createReceiver(context);
  return async (app) => {
    // A POST may have a body of any type; nothing is read from it.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, _body, done) =>
      done(null),
    );
    for (const { operation, summary } of SIMPLE_ROUTES)
      app.route({
        method: METHODS,
        url: `/${operation}/:code/:message`,
        exposeHeadRoute: false,
        schema: {
          summary,
          tags: ['heartbeats'],
          params: HeartbeatParams,
          headers: HeartbeatHeaders,
          response: RESPONSES,
        },
        handler: async (request) => receive(operation, request.params.code, request.params.message, request),
      });
    app.route({
      method: METHODS,
      url: '/queue/:operation/:code/:message',
      exposeHeadRoute: false,
      schema: {
        summary: 'The reader wrote to the queue or the writer read from it, or failed to',
        tags: ['heartbeats'],
        params: QueueHeartbeatParams,
        headers: HeartbeatHeaders,
        response: RESPONSES,
      },
      handler: async (request) => {
        const { code, message } = request.params;
        const operation = OPERATIONS.find((name) => name === `queue/${request.params.operation}`);
        if (operation === undefined) return { status: 'invalid operation' as const };
        return receive(operation, code, message, request);
      },
    });
  };
}

function createReceiver({ tracker, clientAddress, now, log }: AppContext) {
  return (operation: Operation, code: string, message: string, request: FastifyRequest) => {
    const remoteAddress = clientAddress(request);
    const named = request.headers[HOST_HEADER];
    const heartbeat = {
      operation,
      code: Number(code),
      message,
      receivedAtMs: now(),
      remoteAddress,
      host: typeof named === 'string' ? named : remoteAddress,
    };
    tracker.receive(heartbeat);
    log.debug({ heartbeat }, 'heartbeat received');
    return { status: 'success' as const };
  };
}
