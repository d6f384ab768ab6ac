import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { toError } from '@podips/shared';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LedgerError } from '../ledger/ledger-error.js';
import { InvalidRequestError, refuseUnknown } from '../words/request-rules.js';
import { SECURITY_HEADERS } from './security-headers.js';

/** Makes every failure a JSON object `{"error": …}`; failures of the monitor itself are logged and not described in the reply. */
export function installErrorReplies(app: FastifyInstance): void {
  app.setSchemaErrorFormatter(([first]) => {
    const missing = first?.params.missingProperty;
    return new InvalidRequestError(String(missing ?? first?.instancePath.slice(1) ?? 'request'));
  });
  app.setErrorHandler(replyWithError);
  app.addHook('preValidation', async ({ query, routeOptions: { schema } }) => {
    if (schema?.querystring) refuseUnknown(Object(query), propertiesOf(schema.querystring));
  });
  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send({ error: `there is no ${request.method} here; /api lists what there is` });
  });
}

/** The parameters that a schema describes. */
function propertiesOf(schema: unknown): readonly string[] {
  const { properties } = Object(schema);
  return Object.keys(Object(properties));
}

/** Replies to every failure, also to those before a route is found, such as wrong percent-encoding. */
export function replyWithError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toError(thrown);
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  reply.headers(SECURITY_HEADERS).header('cache-control', 'no-store');
  if (error instanceof LedgerError) {
    reply.code(503).send({ error: error.message });
  } else if (status < 400 || status >= 500) {
    request.log.error({ err: error, method: request.method }, 'request failed');
    reply.code(500).send({ error: 'the monitor failed; its log says why' });
  } else if (error instanceof InvalidRequestError) {
    reply.code(status).send({ error: error.message, field: error.field });
  } else {
    reply.code(status).send({ error: describeClientError(error) });
  }
}

const MALFORMED: Readonly<Record<string, { readonly status: number; readonly error: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, error: 'the request took too long' },
  HPE_HEADER_OVERFLOW: { status: 431, error: 'path and headers are too long' },
};

/** Answers on a connection that sent something other than an HTTP request, and closes it. */
export function replyToMalformed(err: Error & { readonly code?: string }, socket: Socket): void {
  if (err.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, error } = MALFORMED[err.code ?? ''] ?? { status: 400, error: 'the request is not HTTP' };
  const body = JSON.stringify({ error });
  const headers = {
    ...SECURITY_HEADERS,
    'cache-control': 'no-store',
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroy();
}

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'the path is not percent-encoded UTF-8',
  FST_ERR_MAX_PARAM_LENGTH: 'the path is too long',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'the content type is not the one that this path accepts: see /api',
  FST_ERR_CTP_BODY_TOO_LARGE: 'the body is too large; none is needed',
};

/** The framework's own texts repeat the path, which may be long. */
function describeClientError(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return CLIENT_ERRORS[code] ?? 'the request is wrong';
}
