import { bool, hostName, integer, port, type Rule, secret, toError } from '@podips/shared';
import { type CleanedEnv, EnvError, makeValidator, str } from 'envalid';
import { entriesOf } from '../list-setting.js';
import { type RequestTemplate, readRequestTemplate } from './request-template.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SECURITY = ['starttls', 'tls', 'none'] as const;
export type MailSecurity = (typeof SECURITY)[number];

const mailSecurity = makeValidator<MailSecurity>((input) => {
  const security = SECURITY.find((known) => known === input);
  if (security === undefined) throw new EnvError(`must be one of ${SECURITY.join(', ')}, but is "${input}"`);
  return security;
});

/** One address without a name. What could end a header or an address is not allowed, quoted or not. */
const ADDRESS = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/;
/** The same, or a name with the address in angle brackets. */
const SENDER = /^(?:[^\r\n<>"@,;:]+<([^<>]+)>|([^<>]+))$/;

const addresses = makeValidator<string>((input) => {
  for (const entry of entriesOf(input))
    if (!ADDRESS.test(entry))
      throw new EnvError(`must be e-mail addresses separated by commas, but has "${entry}"`);
  return input;
});

const sender = makeValidator<string>((input) => {
  const match = SENDER.exec(input);
  if (!ADDRESS.test(match?.[1] ?? match?.[2] ?? ''))
    throw new EnvError(`must be an e-mail address or "name <address>", but is "${input}"`);
  return input;
});

// A URL is not repeated in the message: its path is often the only secret of a webhook.
const url = makeValidator<string>((input) => {
  const problem = problemOfUrl(input);
  if (problem !== undefined) throw new EnvError(`must be an http(s) URL, but ${problem}`);
  return input;
});

const urls = makeValidator<string>((input) => {
  for (const [index, entry] of entriesOf(input).entries()) {
    const problem = problemOfUrl(entry);
    if (problem !== undefined)
      throw new EnvError(`must be http(s) URLs separated by commas, but number ${index + 1} ${problem}`);
  }
  return input;
});

const requestFiles = makeValidator<string>((input) => {
  const problems: string[] = [];
  const names = entriesOf(input).map((path) => {
    try {
      return readRequestTemplate(path).name;
    } catch (err) {
      problems.push(`${path} ${problemOfFile(err)}`);
      return path;
    }
  });
  if (problems.length > 0)
    throw new EnvError(`must be files with an HTTP request each, but ${problems.join(', and ')}`);
  if (new Set(names).size < names.length) throw new EnvError('must be files of different names');
  return input;
});

function problemOfFile(thrown: unknown): string {
  const error = toError(thrown);
  return 'code' in error ? `cannot be read (${String(error.code)})` : error.message;
}

function problemOfUrl(input: string): string | undefined {
  const parsed = URL.parse(input);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) return 'is none';
  return parsed.username || parsed.password ? 'has a login in it, which is not supported' : undefined;
}

/** Settings of the monitor about alerts. */
export const alertSpecs = {
  PODIPS_SEND_MAIL: bool({ default: false, desc: 'send alerts by e-mail' }),
  PODIPS_RECIPIENT_MAIL: addresses({ default: '', desc: 'recipients of the e-mails' }),
  SMTP_HOST: hostName({ default: '', desc: 'mail server' }),
  SMTP_PORT: port({ default: 587, desc: 'port of the mail server; usually 465 with `SMTP_SECURE=tls`' }),
  SMTP_SECURE: mailSecurity({
    default: 'starttls',
    desc: 'encryption of the connection to the mail server; `none` is plain text',
  }),
  SMTP_USER: str({ default: '', desc: 'user name at the mail server' }),
  SMTP_PASSWORD: secret(str({ default: '', desc: 'password at the mail server' })),
  SMTP_FROM: sender({ default: '', desc: 'sender of the e-mails' }),
  ALERT_WEBHOOK_URLS: secret(urls({ default: '', desc: 'webhooks to which alerts are posted as JSON' })),
  ALERT_SLACK_URLS: secret(
    urls({ default: '', desc: 'incoming webhooks of Slack, or of a compatible service' }),
  ),
  ALERT_REQUEST_FILES: requestFiles({
    default: '',
    desc: 'files with an HTTP request each, for PagerDuty, Opsgenie, Microsoft Teams, Telegram, ntfy and others, separated by commas',
  }),
  ALERT_HOLD_MS: integer(
    0,
    DAY_MS,
  )({ default: 0, desc: 'how long a light must be red before an alert fires (`for` of Prometheus)' }),
  ALERT_REMINDER_MS: integer(
    0,
    30 * DAY_MS,
  )({ default: 4 * HOUR_MS, desc: 'repeat interval of an alert that is still firing; 0: never repeated' }),
  ALERT_MAX_PER_HOUR: integer(
    1,
    1_000,
  )({ default: 20, desc: 'maximum number of messages per hour; more are suppressed' }),
  ALERT_PAGE_URL: url({ default: undefined, desc: 'address of the dashboard, for the link in alerts' }),
  DEADMAN_URL: secret(
    url({ default: undefined, desc: "URL of the dead man's ping, called while all lights are green" }),
  ),
  DEADMAN_INTERVAL_MS: integer(1_000, DAY_MS)({ default: 60_000, desc: "interval of the dead man's ping" }),
};

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  readonly security: MailSecurity;
  /** Both empty: no login. */
  readonly user: string;
  readonly password: string;
  readonly from: string;
  readonly recipients: readonly string[];
}

export interface AlertSettings {
  /** undefined: no e-mail. */
  readonly mail: MailSettings | undefined;
  readonly webhookUrls: readonly string[];
  readonly slackUrls: readonly string[];
  readonly requests: readonly RequestTemplate[];
  readonly forMs: number;
  /** 0: never repeated. */
  readonly repeatIntervalMs: number;
  readonly maxPerHour: number;
  readonly pageUrl: string | undefined;
  readonly deadman: { readonly url: string; readonly intervalMs: number } | undefined;
}

type AlertEnv = Pick<CleanedEnv<typeof alertSpecs>, keyof typeof alertSpecs>;

/** Rules that span several of them. */
export const alertRules: readonly Rule<AlertEnv>[] = [
  ...(['PODIPS_RECIPIENT_MAIL', 'SMTP_HOST', 'SMTP_FROM'] as const).map((name) => (env: AlertEnv) => {
    const isMissing = env.PODIPS_SEND_MAIL && entriesOf(env[name]).length === 0;
    return isMissing ? [`${name} is required when PODIPS_SEND_MAIL is true`] : [];
  }),
  (env) =>
    (env.SMTP_USER === '') === (env.SMTP_PASSWORD === '')
      ? []
      : ['SMTP_USER and SMTP_PASSWORD must be set both or not at all'],
];

/** The alert part of the monitor's settings. */
export function alertSettings(env: AlertEnv): AlertSettings {
  return {
    mail: env.PODIPS_SEND_MAIL ? mailSettings(env) : undefined,
    webhookUrls: entriesOf(env.ALERT_WEBHOOK_URLS),
    slackUrls: entriesOf(env.ALERT_SLACK_URLS),
    requests: entriesOf(env.ALERT_REQUEST_FILES).map(readRequestTemplate),
    forMs: env.ALERT_HOLD_MS,
    repeatIntervalMs: env.ALERT_REMINDER_MS,
    maxPerHour: env.ALERT_MAX_PER_HOUR,
    pageUrl: env.ALERT_PAGE_URL,
    deadman: env.DEADMAN_URL ? { url: env.DEADMAN_URL, intervalMs: env.DEADMAN_INTERVAL_MS } : undefined,
  };
}

function mailSettings(env: AlertEnv): MailSettings {
  return {
    host: env.SMTP_HOST,
    port: env.SMTP_PORT,
    security: env.SMTP_SECURE,
    user: env.SMTP_USER,
    password: env.SMTP_PASSWORD,
    from: env.SMTP_FROM,
    recipients: entriesOf(env.PODIPS_RECIPIENT_MAIL),
  };
}
