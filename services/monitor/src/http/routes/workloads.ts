import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ROWS, unknownWords, workloadPage } from '../../pages/workload-page.js';
import type { WorkloadFields } from '../../pages/workloads/filters.js';
import { MAX_SHOWN, SHOWN, workloadsPage } from '../../pages/workloads-page.js';
import { Type } from '../../schema/type.js';
import { InvalidRequestError } from '../../words/request-rules.js';
import { DEFAULT_WINDOW, isWindow, WINDOW_NAMES } from '../../workloads/windows.js';
import { ChangesAnswer, WorkloadAnswer, WorkloadsAnswer } from '../../workloads/workload-view.js';
import { loadAssets } from '../assets.js';
import type { AppContext } from '../context.js';
import { DEFAULT_LIMIT, ErrorReply, limit, TextReply } from '../schemas.js';
import { FORM_HEADERS } from '../security-headers.js';
import { sendHtml } from './pages.js';

const name = (description: string) => Type.String({ minLength: 1, maxLength: 253, description });
const window = Type.Optional(
  Type.Enum(WINDOW_NAMES, { description: `the time that is measured; ${DEFAULT_WINDOW} without it` }),
);
const cluster = Type.Optional(
  Type.String({ maxLength: 253, description: 'as in CLUSTER_NAME of its reader' }),
);
const WorkloadsQuery = Type.Object(
  {
    window,
    cluster,
    namespace: Type.Optional(Type.String({ maxLength: 253, description: 'of the workload' })),
    kind: Type.Optional(Type.String({ maxLength: 253, description: 'such as Deployment or CronJob' })),
    limit,
  },
  { additionalProperties: false },
);
const WorkloadParams = Type.Object({
  namespace: name('of the workload'),
  kind: name('such as Deployment or CronJob'),
  name: name('of the workload: the Deployment, not its ReplicaSet'),
});
const WorkloadQuery = Type.Object({ window, cluster }, { additionalProperties: false });

const RANK_SCHEMA = {
  summary: 'Workloads whose pods are replaced, whose containers restart or that fail, the worst first',
  description:
    'A pod counts as replaced when another of the same workload and revision started around its end: neither rollouts ' +
    'nor scaling count. Pods that ended with those of other workloads on their node, and containers that were restarted ' +
    'with it, are in "nodeEvents" instead.',
  tags: ['workloads'],
  querystring: WorkloadsQuery,
  response: {
    200: Type.Object(WorkloadsAnswer.properties, {
      description: 'the workloads with their numbers, and what limits them',
    }),
    400: ErrorReply,
  },
};
const LOOK_SCHEMA = {
  summary: 'One workload: its latest pods and restarts',
  tags: ['workloads'],
  params: WorkloadParams,
  querystring: WorkloadQuery,
  response: {
    200: Type.Object(WorkloadAnswer.properties, {
      description: 'the workload with its numbers, pods and restarts',
    }),
    400: ErrorReply,
    404: ErrorReply,
    503: ErrorReply,
  },
};
const CHANGES_SCHEMA = {
  summary: 'IP changes by the quarter of an hour of the last 24 hours',
  description:
    'Starts and ends of leases of all clusters in the database, the newest quarter last. In "gaps", and after ' +
    '"countedUntil", something may be missing; while "countedUntil" is null, the numbers are too low.',
  tags: ['workloads'],
  querystring: Type.Object({}, { additionalProperties: false }),
  response: {
    200: Type.Object(ChangesAnswer.properties, {
      description: 'starts and ends, each a list of 96 numbers, and gaps',
    }),
    400: ErrorReply,
  },
};
const PAGE = {
  tags: ['pages'],
  produces: ['text/html'],
  response: { 200: TextReply, 404: TextReply, 503: TextReply },
};

/** What happens to workloads, for people and programs; no routes without a database. */
export function workloadsRoutes(context: AppContext): FastifyPluginAsyncTypebox {
  const { workloads } = context;
  if (workloads === undefined) return async () => undefined;
  return async (app) => {
    app.get('/api/v1/workloads', { schema: RANK_SCHEMA }, async ({ query }) =>
      workloads.rank(query.window ?? DEFAULT_WINDOW, query, Number(query.limit ?? DEFAULT_LIMIT)),
    );
    app.get(
      '/api/v1/workloads/:namespace/:kind/:name',
      { schema: LOOK_SCHEMA },
      async ({ params, query }, reply) => {
        const name = { ...params, cluster: query.cluster ?? context.settings.cluster };
        const found = workloads.look(name, query.window ?? DEFAULT_WINDOW);
        if (found !== undefined) return found;
        const doubt = workloads.doubt(name);
        return reply.code(doubt === null ? 404 : 503).send({ error: unknownWords(doubt) });
      },
    );
    app.get('/api/v1/changes', { schema: CHANGES_SCHEMA }, async () => workloads.changes());
    await app.register(workloadPages(context, workloads));
  };
}

/** Fields that are wrong are ignored: a page of links, not of forms, has made them. */
function workloadPages(
  { view, settings }: AppContext,
  workloads: NonNullable<AppContext['workloads']>,
): FastifyPluginAsyncTypebox {
  const { assets } = loadAssets();
  return async (app) => {
    app.get(
      '/workloads',
      { schema: { ...PAGE, summary: 'The page of workloads' } },
      async ({ query }, reply) => {
        const fields = typed(query, SHOWN);
        const answer = workloads.rank(fields.window, fields, fields.limit);
        const { overall: light, cluster } = view();
        const choices = workloads.choices();
        reply.headers(FORM_HEADERS);
        return sendHtml(reply, workloadsPage({ answer, fields, choices, assets, light, cluster }).text);
      },
    );
    app.get(
      '/workloads/:namespace/:kind/:name',
      { schema: { ...PAGE, params: WorkloadParams, summary: 'The page of one workload' } },
      async ({ params, query }, reply) => {
        const { window, limit, cluster: asked } = typed(query, ROWS);
        const name = { ...params, cluster: asked ?? settings.cluster };
        const answer = workloads.look(name, window);
        const { overall: light, cluster } = view();
        const doubt = answer === undefined ? workloads.doubt(name) : null;
        reply.code(answer !== undefined ? 200 : doubt === null ? 404 : 503);
        const page = workloadPage({ answer, doubt, name, window, limit, assets, light, cluster });
        return sendHtml(reply, page.text);
      },
    );
  };
}

/** @throws {InvalidRequestError} for a window that there is not, and for a limit out of bounds */
function typed(query: unknown, shown: number): WorkloadFields {
  // The framework gives an object of texts, and of arrays where a field is given twice.
  const fields = query as Record<string, unknown>;
  const text = (name: string) =>
    typeof fields[name] === 'string' && fields[name] !== '' ? fields[name] : undefined;
  const window = text('window') ?? DEFAULT_WINDOW;
  if (!isWindow(window)) throw new InvalidRequestError('window');
  const limit = Number(text('limit') ?? shown);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_SHOWN) throw new InvalidRequestError('limit');
  return { window, limit, cluster: text('cluster'), namespace: text('namespace'), kind: text('kind') };
}
