import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { announcementViews } from '../../announcements/announcement-view.js';
import { STRIP_WINDOWS } from '../../history/strip.js';
import { incidentsPage } from '../../pages/incidents-page.js';
import { Type } from '../../schema/type.js';
import { entriesOf } from '../../status/map-operations.js';
import { pageOf } from '../../view/incident-rows.js';
import { LightUptimeView } from '../../view/status-view.js';
import { LIGHT_NAMES } from '../../words/operation-names.js';
import { InvalidRequestError, RULES } from '../../words/request-rules.js';
import { loadAssets } from '../assets.js';
import type { AppContext } from '../context.js';
import { ErrorReply, TextReply } from '../schemas.js';
import { sendHtml } from './pages.js';

const ROWS = 25;

const IncidentsPageQuery = Type.Object({
  window: Type.Optional(
    Type.String({ description: 'the length of the strips: 24h, 7d or 90d; 7d without it' }),
  ),
  before: Type.Optional(
    Type.String({ format: 'date-time', description: `only incidents that began earlier: ${RULES.before}` }),
  ),
});
const UptimeReply = Type.Object(
  { at: Type.String({ format: 'date-time' }), lights: Type.Array(LightUptimeView) },
  { description: 'each light with its uptime in 24 hours, 7, 30 and 90 days, and a strip' },
);
const UptimeQuery = Type.Object({
  strip: Type.Optional(
    Type.String({ description: 'the length of the strips: 24h, 7d or 90d; 7d without it' }),
  ),
});

/** All incidents, and for how long each light was on. */
export function incidentRoutes(context: AppContext): FastifyPluginAsyncTypebox {
  const { view, tracker, history, announcements, now, settings } = context;
  const { assets } = loadAssets();
  const uptimes = (window: (typeof STRIP_WINDOWS)[number], nowMs: number) =>
    entriesOf(tracker.states()).map(([operation, { light }]) => ({
      operation,
      name: LIGHT_NAMES[operation],
      light,
      uptime: history.uptime(operation, nowMs),
      strip: history.strip(operation, nowMs, window),
    }));
  return async (app) => {
    app.get(
      '/incidents',
      {
        schema: {
          summary: 'The page of incidents and uptime',
          tags: ['pages'],
          produces: ['text/html'],
          querystring: IncidentsPageQuery,
          response: { 200: TextReply, 400: ErrorReply },
        },
      },
      async ({ query }, reply) => {
        const window = windowOf(query.window, 'window');
        const beforeMs = timeOf(query.before);
        const page = incidentsPage({
          view: view(),
          lights: uptimes(window, now()),
          window,
          announcements: announcementViews(announcements, now()),
          incidents: pageOf(history.incidents, { size: ROWS, nowMs: now(), beforeMs }),
          before: query.before,
          shownDays: settings.historyDays,
          assets,
        });
        return sendHtml(reply, page.text);
      },
    );
    app.get(
      '/api/v1/uptime',
      {
        schema: {
          summary: 'For how long each light was on, in several windows',
          description:
            '"percent" is the share of the known time in which the light was green, rounded down; null when nothing is ' +
            'known. "unknownMs" is the time in which the monitor was not running or stood still, or in which no heartbeat had come yet.',
          tags: ['status'],
          querystring: UptimeQuery,
          response: { 200: UptimeReply, 400: ErrorReply },
        },
      },
      async ({ query }) => {
        const nowMs = now();
        return { at: new Date(nowMs).toISOString(), lights: uptimes(windowOf(query.strip, 'strip'), nowMs) };
      },
    );
  };
}

function windowOf(text = '7d', field: string): (typeof STRIP_WINDOWS)[number] {
  const window = STRIP_WINDOWS.find((one) => one === text);
  if (window === undefined) throw new InvalidRequestError(field, `${field} must be 24h, 7d or 90d`);
  return window;
}

/** @throws {InvalidRequestError} for a leap second, which has the right form, but which Date cannot represent */
function timeOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidRequestError('before');
  return ms;
}
