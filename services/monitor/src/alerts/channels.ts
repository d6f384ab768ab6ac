import { createFetch, NO_PROXIES } from '../proxy.js';
import type { Channel } from './channel.js';
import { createMailChannel, type MailTransport, openTransport } from './mail-channel.js';
import type { AlertSettings } from './settings.js';
import {
  createRequestChannel,
  createSlackChannel,
  createWebhookChannel,
  type Fetch,
} from './webhook-channel.js';

/** The clients that channels use; tests bring their own. */
export interface Outside {
  readonly fetch?: Fetch;
  readonly transport?: MailTransport;
}

/** All channels that are set. */
export async function createChannels(
  { mail, webhookUrls, slackUrls, requests }: AlertSettings,
  { fetch = createFetch(NO_PROXIES), transport }: Outside,
): Promise<Channel[]> {
  return [
    ...(mail === undefined ? [] : [createMailChannel(mail, transport ?? (await openTransport(mail)))]),
    ...webhookUrls.map((url) => createWebhookChannel(url, fetch)),
    ...slackUrls.map((url) => createSlackChannel(url, fetch)),
    ...requests.map((template) => createRequestChannel(template, fetch)),
  ];
}
