import { ExitError, type Logger, type Running, toError } from '@podips/shared';
import { createFetch, type Proxies } from '../proxy.js';
import { createChannels } from './channels.js';
import { testMessage } from './message.js';
import type { AlertSettings } from './settings.js';

export interface TestAlertSettings {
  readonly alerts: AlertSettings;
  readonly cluster: string;
  readonly proxies: Proxies;
}

/**
 * Sends one message through every channel, once, and prints a line for each.
 * @returns whether there is a channel, and each accepted the message for all recipients
 */
export async function sendTestAlert(
  { alerts, cluster, proxies }: TestAlertSettings,
  log: Logger,
): Promise<boolean> {
  const channels = await createChannels(alerts, { fetch: createFetch(proxies) });
  if (channels.length === 0)
    print(
      'no alert channels are configured: PODIPS_SEND_MAIL, ALERT_WEBHOOK_URLS, ALERT_SLACK_URLS and ALERT_REQUEST_FILES are empty',
    );
  const message = testMessage(Date.now(), { cluster, pageUrl: alerts.pageUrl });
  const signal = new AbortController().signal;
  const outcomes = await Promise.all(
    channels.map(async (channel) => {
      const problem = await channel.send(message, signal).catch((err: unknown) => toError(err).message);
      log.debug({ channel: channel.kind, target: channel.target, problem }, 'test alert');
      print(`${channel.kind} to ${channel.target}: ${problem === undefined ? 'sent' : `failed, ${problem}`}`);
      return problem === undefined;
    }),
  );
  return outcomes.length > 0 && outcomes.every((isSent) => isSent);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The program of `--test-alert`: ends by itself. @throws {ExitError} when not every channel took the message */
export async function runTestAlert(settings: TestAlertSettings, log: Logger): Promise<Running> {
  if (!(await sendTestAlert(settings, log)))
    throw new ExitError('the test alert did not reach all recipients');
  return { finished: Promise.resolve(), stop: async () => undefined };
}
