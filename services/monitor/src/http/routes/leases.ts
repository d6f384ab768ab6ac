import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Ledger } from '../../ledger/ledger.js';
import { LedgerError } from '../../ledger/ledger-error.js';
import { GapView, LeasesAnswer } from '../../ledger/ledger-view.js';
import { parseQuestion, type QuestionFields } from '../../ledger/question.js';
import {
  LEASES_FIELDS,
  type LeasesField,
  type LeasesFields,
  type LeasesProblem,
} from '../../pages/leases-forms.js';
import { leasesPage } from '../../pages/leases-page.js';
import { Type } from '../../schema/type.js';
import {
  InvalidRequestError,
  RULES,
  refuseEmpty,
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
  summary: 'Which pod had an address at a time, or which addresses pods had',
  description:
    `Ask for ${RULES.question}. Without a time the answer is about now, or about all leases of the pods that are named by ` +
    '"pod" or "pod_uid". When "certain" is true, "leases" are all that cover that time or a part of that range; else ' +
    '"candidates" may as well, or some may be missing, and "reasons" says why. Leases come with the newest first; ' +
    '"cursor" is what to give as "after" for the next ones. Of a network "limit" is the number of addresses; a network that ' +
    'has had more than 200,000 leases is refused with a range of time.',
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
      // Only the forms of the page send empty fields.
      refuseEmpty(query, ['at', 'from', 'to']);
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
          description: 'Accepts the same parameters as /api/v1/leases; an empty one counts as missing.',
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
  const rule = ruleOf(field);
  if (error instanceof UnknownParameterError || rule === undefined)
    return { field: undefined, text: message };
  if (field === 'ip') return { field, text: `this must be ${RULES.addresses}` };
  if (field === 'question') return { field: undefined, text: `ask for ${rule}` };
  return isField(field) ? { field, text: `this must be ${rule}` } : { field: undefined, text: message };
}

/** The fields as they were typed, for the forms. */
function typed(fields: QuestionFields): LeasesFields {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return Object.fromEntries(LEASES_FIELDS.map((name) => [name, text(fields[name])])) as LeasesFields; // all of them
}

function isField(name: string): name is LeasesField {
  return LEASES_FIELDS.some((field) => field === name);
}
