import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { answerLines } from '../../lookup/answer-lines.js';
import { MAX_PLACES } from '../../lookup/lookup.js';
import { LookupAnswer } from '../../lookup/lookup-answer.js';
import { parseFields, parseKey, parseTerms, parseWait } from '../../lookup/lookup-question.js';
import { createPatience } from '../../lookup/patience.js';
import { Type } from '../../schema/type.js';
import { InvalidRequestError } from '../../words/request-rules.js';
import type { AppContext } from '../context.js';
import { ErrorReply, KeyLookupQuery, LinesQuery, UnavailableReply } from '../schemas.js';

const SETTLED_AGE_S = 86_400;
const UNSETTLED_AGE_S = 5;
const RETRY_AFTER_S = 10;
/** Of a client that has a place: it waits for its own lookup, which is often one of a few lines. */
const RETRY_AFTER_OWN_S = 1;
/** Most single questions that wait for the ledger at a time. */
const MAX_WAITING = 500;
const WAIT_INTERVAL_MS = 1_000;
/** As of other connections. */
const IDLE_TIMEOUT_MS = 30_000;

const TOO_MANY =
  `too many lookups at a time: there are ${MAX_PLACES} places, and a client that has some gets another one only while more ` +
  'are free than it has; try again later';

const KEY_SCHEMA = {
  summary: 'Whose an address was, flat',
  description:
    'The key is an address, or "address@time", percent-encoded: /lookup/10.1.2.3%402026-01-31T12:00:00Z. Every question that ' +
    'can be read is answered with 200, also when no pod had the address. For programs that send one key and read one value ' +
    'of the answer, such as Graylog. The ledger is some seconds behind, and up to a minute in a quiet cluster: with "wait" the ' +
    'answer comes as soon as it reaches the time.',
  tags: ['ledger'],
  params: Type.Object({
    key: Type.String({ description: 'an address, or address@time; without a time now' }),
  }),
  querystring: KeyLookupQuery,
  response: { 200: LookupAnswer, 400: ErrorReply, 503: UnavailableReply },
};
const LINES_SCHEMA = {
  summary: 'Whose many addresses were, each at its time',
  description:
    'A question in each line, {"ip":"10.1.2.3","at":"2026-01-31T12:00:00Z"}; without "at", now; with "until", a time, it ' +
    'is about all of the time from "at" to there. A line of the answer for each ' +
    'line, in the same order, as /lookup/{key} answers, or as much of it as "fields" names, or {"error":…} for a line that cannot be read. The last line is ' +
    '{"end":true,"answers":…}, or {"error":…,"end":false,"answers":…} after a failure: without it the answer is not complete. ' +
    'Both are streams of any length: read the answer while you send. A connection on which nothing moves for 30 seconds is closed. ' +
    `${MAX_PLACES} are answered at a time; a client that has some of these places gets another one only while more are free than it has.`,
  tags: ['ledger'],
  consumes: ['application/x-ndjson'],
  produces: ['application/x-ndjson'],
  querystring: LinesQuery,
  response: {
    200: Type.Unsafe<Readable>(
      Type.String({ description: 'a JSON object in each line: one for each question, and one at the end' }),
    ),
    400: ErrorReply,
    415: ErrorReply,
    503: UnavailableReply,
  },
};

/** Questions of programs that ask often, or much at once; no routes without a database. */
export function lookupRoutes({
  lookup,
  now,
  beginUpload,
  clientAddress,
}: AppContext): FastifyPluginAsyncTypebox {
  if (lookup === undefined) return async () => undefined;
  const answerWhenKnown = createPatience({
    ask: (question) => lookup.answerOne(question),
    maxWaiting: MAX_WAITING,
    intervalMs: WAIT_INTERVAL_MS,
  });
  return async (app) => {
    app.get('/lookup/:key', { schema: KEY_SCHEMA }, async ({ params: { key }, query, raw }, reply) => {
      const question = { ...parseKey(key, now()), ...parseTerms(query) };
      const waitMs = parseWait(query.wait);
      // A connection that waits is not idle.
      if (waitMs > 0) raw.socket.setTimeout(waitMs + IDLE_TIMEOUT_MS);
      const gone = waitMs > 0 ? goneSignal(reply.raw) : undefined;
      const { answer, isSettled } = await answerWhenKnown(question, waitMs, gone);
      reply.header('cache-control', `max-age=${isSettled ? SETTLED_AGE_S : UNSETTLED_AGE_S}`);
      return answer;
    });

    app.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));
    app.post('/api/v1/lookup', { schema: LINES_SCHEMA }, async (request, reply) => {
      const { fields, ...query } = request.query;
      const options = { lookup, terms: parseTerms(query), fields: parseFields(fields), now };
      // The framework gives the parser's result, and nothing without a body.
      const body = request.body;
      if (!(body instanceof Readable)) throw new InvalidRequestError('body');
      if (request.headers['content-encoding'] !== undefined)
        return reply
          .code(415)
          .send({ error: 'the content encoding must be none: send the lines as they are' });
      const client = clientAddress(request);
      const leave = lookup.places.take(client);
      if (leave === undefined)
        return reply
          .code(503)
          .header('retry-after', lookup.places.heldBy(client) > 0 ? RETRY_AFTER_OWN_S : RETRY_AFTER_S)
          .send({ error: TOO_MANY });
      reply.raw.on('close', leave);
      beginUpload(reply.raw);
      // A ledger that cannot be read is an error, not the end of an answer.
      await lookup.answerAll([]);
      reply.type('application/x-ndjson').header('x-accel-buffering', 'no');
      return reply.send(Readable.from(answerLines(body, options), { objectMode: false }));
    });
  };
}

/** Aborted when the client has gone. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  return gone.signal;
}
