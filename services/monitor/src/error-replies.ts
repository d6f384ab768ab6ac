import { PodipsError, toError } from '@podips/shared';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describeRule } from './schemas.js';
import { SECURITY_HEADERS } from './security-headers.js';

/** A field of a request is wrong; the message says which and what would be right. */
export class InvalidRequestError extends PodipsError {
  readonly field: string;
  /** For the framework, which reads it. */
  readonly statusCode = 400;

  constructor(field: string) {
    super('REQUEST_INVALID', describeRule(field));
    this.field = field;
  }
}

/** Makes every failure a JSON object `{"error": …}`; whatever is not the client's doing is logged, not told. */
export function installErrorReplies(app: FastifyInstance): void {
  app.setSchemaErrorFormatter(([first]) => {
    const missing = first?.params.missingProperty;
    return new InvalidRequestError(String(missing ?? first?.instancePath.slice(1) ?? 'request'));
  });
  app.setErrorHandler(replyWithError);
  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send({ error: `there is no ${request.method} here; /api lists what there is` });
  });
}

/** Also for failures before a route is found, such as percent-encoding that is wrong. */
export function replyWithError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toError(thrown);
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  reply.headers(SECURITY_HEADERS).header('cache-control', 'no-store');
  if (status < 400 || status >= 500) {
    request.log.error({ err: error, method: request.method }, 'request failed');
    reply.code(500).send({ error: 'the monitor failed; its log says why' });
  } else if (error instanceof InvalidRequestError) {
    reply.code(status).send({ error: error.message, field: error.field });
  } else {
    reply.code(status).send({ error: describeClientError(error) });
  }
}

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'the path is not percent-encoded UTF-8',
  FST_ERR_MAX_PARAM_LENGTH: 'the path is too long',
  FST_ERR_CTP_BODY_TOO_LARGE: 'the body is too large; none is needed',
};

/** The framework's own words repeat the path, which may be long. */
function describeClientError(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return CLIENT_ERRORS[code] ?? 'the request is wrong';
}
