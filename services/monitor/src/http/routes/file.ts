import { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AnnotateError, createAnnotation } from '@podips/annotate';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { askLookup } from '../../annotate/ask-lookup.js';
import {
  FILE_FIELDS,
  type FileField,
  type FileFields,
  parseFileOptions,
} from '../../annotate/file-options.js';
import { type FileForm, MAX_FILE_BYTES, readForm } from '../../annotate/read-form.js';
import { openSpool, type Spool } from '../../annotate/spool.js';
import { LedgerError } from '../../ledger/ledger-error.js';
import type { Lookup } from '../../lookup/lookup.js';
import { type FileProblem, NO_FILE_FIELDS } from '../../pages/file-form.js';
import { type FilePreview, filePage } from '../../pages/file-page.js';
import type { Assets } from '../../pages/layout.js';
import { Type } from '../../schema/type.js';
import { InvalidRequestError } from '../../words/request-rules.js';
import { isOfAnotherSite } from '../access/other-site.js';
import { loadAssets } from '../assets.js';
import type { AppContext } from '../context.js';
import { ErrorReply, TextReply } from '../schemas.js';
import { FORM_HEADERS } from '../security-headers.js';
import { type Pace, requirePace } from '../uploads.js';
import { sendHtml } from './pages.js';

/** A header and ten lines. */
const PREVIEW_RECORDS = 11;
const RETRY_AFTER_S = 10;

const SCHEMA = {
  summary: 'A log file, annotated with whose its addresses were',
  description:
    'A form with the field "file", and perhaps tz, ip, time, time_format, at, format, skew and cluster. With "do" as "preview" the answer ' +
    'is a page with the first ten lines. Programs send lines to /api/v1/lookup instead.',
  tags: ['pages'],
  consumes: ['multipart/form-data'],
  produces: ['application/octet-stream', 'text/html'],
  response: {
    200: Type.Unsafe<Readable | string>(TextReply),
    400: TextReply,
    403: ErrorReply,
    413: TextReply,
    503: TextReply,
  },
};

interface Refusal {
  readonly status: 400 | 413 | 503;
  readonly problem: FileProblem;
}

interface FileContext extends AppContext {
  readonly assets: Assets;
}

/** Takes log files from the page of the ledger; no route without a database. */
export function fileRoutes(appContext: AppContext): FastifyPluginAsyncTypebox {
  const { lookup, settings } = appContext;
  if (lookup === undefined) return async () => undefined;
  const context: FileContext = { ...appContext, assets: loadAssets().assets };
  return async (app) => {
    // The page says it instead.
    await app.register(multipart, { throwFileSizeLimit: false });
    // Who reloads the page by its address.
    app.get('/leases/file', { schema: { hide: true } }, async (_request, reply) =>
      reply.redirect('/leases#by-file'),
    );
    app.post('/leases/file', { schema: SCHEMA, bodyLimit: 2 * MAX_FILE_BYTES }, async (request, reply) => {
      if (isOfAnotherSite(request))
        return reply.code(403).send({ error: 'pages of other sites may not send files' });
      const leave = lookup.places.take(context.clientAddress(request));
      const refuse = (refusal: Refusal, fields = NO_FILE_FIELDS) =>
        sendRefusal(reply, refusal, fields, context);
      if (leave === undefined) return refuse(BUSY);
      reply.raw.on('close', leave);
      context.beginUpload(reply.raw);
      const spool = await openSpool(settings.dataDir);
      reply.raw.on(
        'close',
        () => void spool.close().catch((err) => request.log.warn({ err }, 'upload was not closed')),
      );
      return annotateForm(request, reply, { lookup, spool, context });
    });
  };
}

/** A file that trickles would hold a place for as long as it likes. */
const SLOWEST: Pace = { bytes: 65_536, intervalMs: 30_000 };

async function readAtPace(request: FastifyRequest, spool: Spool): Promise<FileForm> {
  const done = requirePace(request.raw.socket, SLOWEST);
  try {
    return await readForm(request, spool);
  } finally {
    done();
  }
}

const BUSY: Refusal = {
  status: 503,
  problem: {
    field: undefined,
    text: 'too many files are being annotated, or too many of yours: a place is kept for others; try again in some seconds',
  },
};

interface Work {
  readonly lookup: Pick<Lookup, 'answerAll'>;
  readonly spool: Spool;
  readonly context: FileContext;
}

async function annotateForm(request: FastifyRequest, reply: FastifyReply, { lookup, spool, context }: Work) {
  const form = await readAtPace(request, spool);
  const fields = typed(form);
  try {
    if (form.name === undefined) throw new InvalidRequestError('file', 'choose a log file');
    if (form.isTooLarge) return sendRefusal(reply, TOO_LARGE, fields, context);
    const { annotate, terms } = parseFileOptions(fields, context.now());
    const isPreview = form.fields.get('do') === 'preview';
    const limits = isPreview ? { limits: { records: PREVIEW_RECORDS } } : {};
    const annotation = createAnnotation({ ...annotate, ...limits, ask: askLookup(lookup, terms) });
    const parts = annotation.run(spool.read());
    // What is wrong with a file shows before its first lines are written.
    const first = await parts.next();
    if (isPreview) {
      const lines = await linesOf(first, parts);
      return sendPage(reply, { name: form.name, lines, summary: annotation.summary }, fields, context);
    }
    reply
      .type('application/octet-stream')
      .header('content-disposition', `attachment; filename="annotated-${fileName(form.name)}"`)
      .header('x-accel-buffering', 'no');
    return await reply.send(Readable.from(continued(first, parts), { objectMode: false }));
  } catch (err) {
    return sendRefusal(reply, toRefusal(err), fields, context);
  }
}

const TOO_LARGE: Refusal = {
  status: 413,
  problem: {
    field: 'file',
    text: `it is larger than ${MAX_FILE_BYTES / 1_024 / 1_024} MiB: compress it with gzip, or use podips annotate in a terminal`,
  },
};

/** @throws what is no mistake of a person, and no failure of the ledger */
function toRefusal(err: unknown): Refusal {
  if (err instanceof AnnotateError) return { status: 400, problem: { field: 'file', text: err.message } };
  if (err instanceof InvalidRequestError) {
    const field = [...FILE_FIELDS, 'file' as const].find((name) => name === err.field);
    // Beside a field its name is not repeated.
    const text = err.message.replace(`${err.field} must be`, 'this must be');
    return { status: 400, problem: { field, text } };
  }
  if (err instanceof LedgerError) return { status: 503, problem: { field: undefined, text: err.message } };
  throw err;
}

type First = IteratorResult<Buffer, unknown>;

async function* continued(first: First, parts: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (!first.done) yield first.value;
  yield* parts;
}

async function linesOf(first: First, parts: AsyncGenerator<Buffer>): Promise<string[]> {
  const all: Buffer[] = [];
  for await (const part of continued(first, parts)) all.push(part);
  return Buffer.concat(all)
    .toString('utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
}

/** Letters and digits of any script, as the file is called, without the folder and the ending of gzip. */
function fileName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? '';
  return (
    last
      .replace(/\.gz$/i, '')
      .replace(/[^A-Za-z0-9._-]/g, '_')
      .slice(-100) || 'log'
  );
}

function typed({ fields }: FileForm): FileFields {
  return Object.fromEntries(
    FILE_FIELDS.map((name: FileField) => [name, fields.get(name) ?? '']),
  ) as FileFields; // all of them
}

function sendRefusal(
  reply: FastifyReply,
  { status, problem }: Refusal,
  fields: FileFields,
  context: FileContext,
) {
  if (status === 503) reply.header('retry-after', RETRY_AFTER_S);
  reply.code(status);
  return sendPage(reply, problem, fields, context);
}

function sendPage(
  reply: FastifyReply,
  outcome: FilePreview | FileProblem,
  fields: FileFields,
  { view, assets }: FileContext,
) {
  const { overall: light, cluster } = view();
  reply.headers(FORM_HEADERS);
  return sendHtml(reply, filePage({ fields, outcome, assets, light, cluster }).text);
}
