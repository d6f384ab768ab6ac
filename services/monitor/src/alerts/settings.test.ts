import { expect, test } from 'vitest';
import { readMonitorSettings } from '../settings.js';

const MAIL = {
  PODIPS_SEND_MAIL: 'true',
  PODIPS_RECIPIENT_MAIL: 'ops@example.com, audit@example.com',
  SMTP_HOST: 'mail.example.com',
  SMTP_FROM: 'podips <podips@example.com>',
};
const SECRET = 'T0-secret-path';

test('everything can be set', () => {
  const { alerts } = readMonitorSettings({
    ...MAIL,
    SMTP_PORT: '465',
    SMTP_SECURE: 'tls',
    SMTP_USER: 'me',
    SMTP_PASSWORD: 'secret',
    ALERT_WEBHOOK_URLS: 'https://a.example.com/x,http://b.example.com/y',
    ALERT_SLACK_URLS: 'https://hooks.example.com/z',
    ALERT_PAGE_URL: 'https://podips.example.com/',
    DEADMAN_URL: 'https://ping.example.com/abc',
  });
  expect(alerts).toMatchObject({
    mail: {
      recipients: ['ops@example.com', 'audit@example.com'],
      from: 'podips <podips@example.com>',
      port: 465,
      security: 'tls',
    },
    webhookUrls: ['https://a.example.com/x', 'http://b.example.com/y'],
    slackUrls: ['https://hooks.example.com/z'],
    pageUrl: 'https://podips.example.com/',
    deadman: { url: 'https://ping.example.com/abc', intervalMs: 60_000 },
  });
});

test('recipients without PODIPS_SEND_MAIL get nothing, as in podips 1.1', () => {
  const { alerts } = readMonitorSettings({ ...MAIL, PODIPS_SEND_MAIL: 'false' });
  expect(alerts.mail).toBeUndefined();
});

test('mail needs recipients, a server and a sender', () => {
  expect(() => readMonitorSettings({ PODIPS_SEND_MAIL: 'yes' })).toThrow(
    /PODIPS_RECIPIENT_MAIL is required.*SMTP_HOST is required.*SMTP_FROM is required/s,
  );
  expect(() => readMonitorSettings({ ...MAIL, PODIPS_RECIPIENT_MAIL: ' , ' })).toThrow(
    /RECIPIENT_MAIL is required/,
  );
  expect(() => readMonitorSettings({ ...MAIL, SMTP_USER: 'me' })).toThrow(/SMTP_PASSWORD must be set both/);
});

test('what mail needs is named together with what is wrong elsewhere', () => {
  expect(() => readMonitorSettings({ PODIPS_SEND_MAIL: 'yes', SMTP_PORT: 'x', READ_USER: 'me' })).toThrow(
    /SMTP_PORT must be.*READ_USER and READ_PASSWORD.*RECIPIENT_MAIL is.*SMTP_HOST is.*SMTP_FROM is/s,
  );
});

test.each([
  ['PODIPS_RECIPIENT_MAIL', 'ops'],
  ['PODIPS_RECIPIENT_MAIL', 'a@example.com\r\nBcc: b@example.com'],
  ['PODIPS_RECIPIENT_MAIL', 'ops <ops@example.com>'],
  ['SMTP_FROM', 'podips'],
  ['SMTP_FROM', 'a <b@example.com> c'],
  ['SMTP_FROM', 'x\r\nBcc: <b@example.com>'],
  ['SMTP_SECURE', 'ssl'],
  ['ALERT_MAX_PER_HOUR', '0'],
  ['ALERT_WEBHOOK_URLS', `https://a.example.com,ftp://${SECRET}`],
  ['ALERT_SLACK_URLS', `hooks.example.com/${SECRET}`],
  ['ALERT_SLACK_URLS', `https://me:${SECRET}@hooks.example.com/`],
  ['DEADMAN_URL', `//ping.example.com/${SECRET}`],
])('%s must not be %j, and URLs are not repeated', (name, value) => {
  const read = () => readMonitorSettings({ ...MAIL, [name]: value });
  expect(read).toThrow(new RegExp(`${name} must be`));
  expect(read).not.toThrow(new RegExp(SECRET));
});
