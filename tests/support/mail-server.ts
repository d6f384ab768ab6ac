import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Running } from '@podips/shared';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  readonly recipients: readonly string[];
  /** Whether the connection was encrypted by then. */
  readonly secure: boolean;
  /** Who logged in. */
  readonly user: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A real SMTP server that keeps what it gets. */
export interface MailServer extends Running {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** Everything that arrived, headers included. */
  readonly raw: readonly string[];
  /** Forgets what arrived. */
  clear(): void;
}

export const MAIL_LOGIN = { user: 'monitor', password: 'correct-horse-battery-staple' };

/** Accepts mails for every recipient; with `auth` only after the login above. */
export async function startMailServer(
  options: SMTPServerOptions & { readonly login?: boolean } = {},
): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const raw: string[] = [];
  const { login = false, ...rest } = options;
  const server = new SMTPServer({
    authOptional: !login,
    onAuth({ username, password }, _session, done) {
      const isRight = username === MAIL_LOGIN.user && password === MAIL_LOGIN.password;
      if (isRight) done(null, { user: username });
      else done(new Error(`wrong password ${password}`));
    },
    onData(stream, session, done) {
      text(stream).then((source) => {
        raw.push(source);
        const recipients = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({
          recipients,
          secure: session.secure,
          user: session.user ?? undefined,
          ...parseMail(source),
        });
        done();
      }, done);
    },
    closeTimeout: 100,
    ...rest,
  });
  // Clients that give up in the middle are part of the tests.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    mails,
    raw,
    clear() {
      mails.length = 0;
      raw.length = 0;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function parseMail(source: string): Pick<ReceivedMail, 'headers' | 'body'> {
  const split = source.indexOf('\r\n\r\n');
  const lines = source
    .slice(0, split)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { headers, body: decode(source.slice(split + 4), headers.get('content-transfer-encoding') ?? '') };
}

function decode(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
