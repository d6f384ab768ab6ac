import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Ledger } from '../../ledger/ledger.js';
import { LedgerError } from '../../ledger/ledger-error.js';
import { GapView, LeasesAnswer } from '../../ledger/ledger-view.js';
import { parseQuestion, type QuestionFields } from '../../ledger/question.js';
import { type LeasesFields, type LeasesProblem, leasesPage } from '../../pages/leases-page.js';
import {
  InvalidRequestError,
  refuseUnknown,
  ruleOf,
  UnknownParameterError,
} from '../../words/request-rules.js';
import { loadAssets } from '../assets.js';
import type { AppContext } from '../context.js';
import {
  DEFAULT_LIMIT,
  ErrorReply,
  GapsQuery,
  LeasesQuery,
  TextReply,
  UnavailableReply,
} from '../schemas.js';
import { FORM_HEADERS } from '../security-headers.js';
import { sendHtml } from './pages.js';

const LeasesReply = Type.Object(LeasesAnswer.properties, {
  description:
    'the answer in sentences ("answer"), whether it is certain, the leases, and what limits the answer',
});
const GapsReply = Type.Object(
  { gaps: Type.Array(GapView) },
  { description: '{"gaps":[…]}, the newest first' },
);

const ERRORS = { 400: ErrorReply, 503: UnavailableReply };
const LEASES_SCHEMA = {
  summary: 'Which pod had an address at a time, or which addresses a pod had',
  description:
    'With "ip": who had that address at the time "at". When "certain" is true, "leases" are those that cover that time; ' +
    'else "candidates" may cover it, and "reasons" says why it is not sure. With "namespace" and "pod": all leases of ' +
    'pods of that name, the newest first. At most 200 leases are returned; "more" is true when there are others.',
  tags: ['ledger'],
  querystring: LeasesQuery,
  response: { 200: LeasesReply, ...ERRORS },
};
const GAPS_SCHEMA = {
  summary: 'Gaps: times in which the ledger may be incomplete, the newest first',
  tags: ['ledger'],
  querystring: GapsQuery,
  response: { 200: GapsReply, ...ERRORS },
};

/** Queries of the ledger, by people and programs; no routes without a database. */
export function leasesRoutes(context: AppContext): FastifyPluginAsyncTypebox {
  const { ledger, now } = context;
  if (ledger === undefined) return async () => undefined;
  return async (app) => {
    await app.register(leasesPageRoute(context, ledger));
    app.get('/api/v1/leases', { schema: LEASES_SCHEMA }, async ({ query }) => {
      const question = parseQuestion(query, now());
      if (question === undefined) throw new InvalidRequestError('question');
      return ledger.ask(question);
    });
    app.get('/api/v1/gaps', { schema: GAPS_SCHEMA }, async ({ query: { limit } }) => ({
      gaps: await ledger.lastGaps(limit === undefined ? DEFAULT_LIMIT : Number(limit)),
    }));
  };
}

type Asked = Pick<Ledger, 'ask'>;

/** Mistakes are shown in the page, so no schema refuses the request before. */
function leasesPageRoute({ view, now }: AppContext, ledger: Asked): FastifyPluginAsyncTypebox {
  const { assets } = loadAssets();
  return async (app) => {
    app.get(
      '/leases',
      {
        schema: {
          summary: 'The page of the ledger',
          description: 'Accepts the same parameters as /api/v1/leases.',
          tags: ['pages'],
          produces: ['text/html'],
          response: { 200: TextReply, 400: TextReply, 503: TextReply },
        },
      },
      async ({ query }, reply) => {
        // The framework gives an object of texts, and of arrays where a field is given twice.
        const fields = query as QuestionFields;
        const { status, outcome } = await answer(fields, ledger, now());
        const { overall: light, cluster } = view();
        reply.code(status).headers(FORM_HEADERS);
        return sendHtml(reply, leasesPage({ fields: typed(fields), outcome, assets, light, cluster }).text);
      },
    );
  };
}

interface Outcome {
  readonly status: 200 | 400 | 503;
  readonly outcome: LeasesAnswer | LeasesProblem | undefined;
}

/** @throws every error but a wrong question and an unavailable database */
async function answer(fields: QuestionFields, ledger: Asked, nowMs: number): Promise<Outcome> {
  try {
    refuseUnknown(fields, Object.keys(LeasesQuery.properties));
    const question = parseQuestion(fields, nowMs);
    return { status: 200, outcome: question && (await ledger.ask(question)) };
  } catch (err) {
    if (err instanceof InvalidRequestError) return { status: 400, outcome: toProblem(err) };
    if (err instanceof LedgerError) return { status: 503, outcome: { field: undefined, text: err.message } };
    throw err;
  }
}

/** Beside a field its name is not repeated. */
function toProblem(error: InvalidRequestError): LeasesProblem {
  const { field, message } = error;
  if (error instanceof UnknownParameterError) return { field: undefined, text: message };
  const rule = ruleOf(field);
  if (rule === undefined || field === 'question')
    return {
      field: undefined,
      text: 'ask for an address and perhaps a time, or for a pod and its namespace',
    };
  return { field, text: `this must be ${rule}` };
}

/** The fields as they were typed, for the forms. */
function typed({ ip, at, namespace, pod }: QuestionFields): LeasesFields {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { ip: text(ip), at: text(at), namespace: text(namespace), pod: text(pod) };
}
