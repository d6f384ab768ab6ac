import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { announcementViews } from '../../announcements/announcement-view.js';
import { atomFeed } from '../../feed/atom.js';
import { Type } from '../../schema/type.js';
import { pageOf } from '../../view/incident-rows.js';
import { AnnouncementView } from '../../view/status-view.js';
import type { AppContext } from '../context.js';
import { TextReply } from '../schemas.js';

/** Incidents in the feed: more than anybody missed. */
const FEED_INCIDENTS = 50;

const AnnouncementsReply = Type.Object(
  { announcements: Type.Array(AnnouncementView) },
  { description: 'what is going on first, then what is planned, then what is over' },
);

/** What is announced, as JSON, and together with the incidents as a feed. */
export function announcementRoutes(context: AppContext): FastifyPluginAsyncTypebox {
  const { announcements, history, now, prefixOf, settings } = context;
  const emptySince = new Date(now()).toISOString();
  return async (app) => {
    app.get(
      '/api/v1/announcements',
      {
        schema: {
          summary: 'Announcements and maintenance of ANNOUNCEMENTS_FILE',
          tags: ['status'],
          response: { 200: AnnouncementsReply },
        },
      },
      async () => ({ announcements: announcementViews(announcements, now()) }),
    );
    app.get(
      '/feed.atom',
      {
        schema: {
          summary: 'The newest incidents, and the announcements, as an Atom feed',
          tags: ['pages'],
          produces: ['application/atom+xml'],
          response: { 200: TextReply },
        },
      },
      async (request, reply) => {
        const feed = atomFeed({
          cluster: settings.cluster,
          root: settings.alerts?.pageUrl?.replace(/\/+$/, '') ?? prefixOf(request),
          announcements: announcementViews(announcements, now()),
          incidents: pageOf(history.incidents, { size: FEED_INCIDENTS, nowMs: now() }).rows,
          emptySince,
        });
        return reply.type('application/atom+xml; charset=utf-8').send(feed);
      },
    );
  };
}
