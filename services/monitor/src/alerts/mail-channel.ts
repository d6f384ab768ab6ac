import { toError } from '@podips/shared';
import type { SendMailOptions, SMTPTransportOptions } from 'nodemailer';
import { AlertError, type Channel } from './channel.js';
import { oneLine } from './one-line.js';
import type { MailSettings } from './settings.js';

/** nodemailer's transport, or a stand-in for it. */
export interface MailTransport {
  sendMail(mail: SendMailOptions): Promise<{ readonly rejected: readonly string[] }>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 20_000;
/** For a server that is never silent, and never done. */
const SEND_TIMEOUT_MS = 60_000;

/** Sends plain text by SMTP, over a connection of its own for each message. */
export function createMailChannel(settings: MailSettings, transport: MailTransport): Channel {
  const { host, port, from, recipients } = settings;
  return {
    id: 'e-mail',
    kind: 'e-mail',
    target: recipients.join(', '),
    async send({ subject, text }, signal) {
      const deadline = AbortSignal.timeout(SEND_TIMEOUT_MS);
      const mail: SendMailOptions = {
        from,
        to: [...recipients],
        subject,
        text,
        // No out-of-office replies.
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        disableFileAccess: true,
        disableUrlAccess: true,
        signal: AbortSignal.any([signal, deadline]),
      };
      try {
        const { rejected } = await transport.sendMail(mail);
        return rejected.length === 0 ? undefined : `${host} refused ${rejected.join(', ')}`;
      } catch (err) {
        throw mailError(err, `${host}:${port}`);
      }
    },
  };
}

/** Loads nodemailer, which a monitor without mail does without. */
export async function openTransport(settings: MailSettings): Promise<MailTransport> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport(transportOptions(settings));
  // Without a listener an error would end the process; the send that it belongs to fails by itself.
  transport.on('error', () => undefined);
  return transport;
}

/** nodemailer's options: no file or URL is read for a mail, and every wait has an end. */
export function transportOptions(settings: MailSettings): SMTPTransportOptions {
  const { host, port, security, user, password } = settings;
  return {
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === '' ? {} : { auth: { user, pass: password } }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    dnsTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function mailError(thrown: unknown, server: string): AlertError {
  const error = toError(thrown);
  const code = 'code' in error ? String(error.code) : error.name;
  const status = 'responseCode' in error && typeof error.responseCode === 'number' ? error.responseCode : 0;
  // SMTP: 4yz may work later, 5yz not without a change (RFC 5321, 4.2.1).
  const retryable = status < 500;
  // An answer to a login could repeat it.
  if (code === 'EAUTH')
    return new AlertError('MAIL_LOGIN_REFUSED', `${server} refuses the login (${status || code})`, {
      retryable,
    });
  if (status > 0 && 'response' in error)
    return new AlertError('MAIL_REFUSED', `${server} answered: ${oneLine(String(error.response))}`, {
      retryable,
    });
  return new AlertError('MAIL_UNREACHABLE', `${server} cannot be used: ${oneLine(error.message)}`, {
    retryable,
  });
}
