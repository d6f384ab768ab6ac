/** The token that senders of heartbeats have to know. */
export const TOKEN = 'correct-horse-battery-staple';
export const AUTHORIZED = `authorization: Bearer ${TOKEN}`;
export const CLOSE = 'host: monitor\r\nconnection: close\r\n';

/** A request with the token, on a connection that ends with it. */
export const get = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\n${CLOSE}${AUTHORIZED}\r\n${headers}\r\n`;

const BYTES = Buffer.from(
  'GET /log/200/\xff\xfe\xc0\xaf HTTP/1.1\r\nhost: monitor\r\nconnection: close\r\n\r\n',
  'latin1',
);
/** Malicious or broken requests: what is wrong, and the bytes. */
export const REFUSED: readonly (readonly [string, string | Buffer])[] = [
  ['bytes that are not UTF-8, encoded', get('/log/200/%ff%fe')],
  ['an overlong slash', get('/log/200/..%c0%af..')],
  ['half an escape', get('/log/200/%e')],
  ['a null byte in the path', get('/log/200/a\0b')],
  ['a tab in the path', get('/log/200/a\tb')],
  ['a line end in the path', 'GET /log/200/a\rX-Injected: yes HTTP/1.1\r\nhost: monitor\r\n\r\n'],
  ['raw bytes in the path, without the token', BYTES],
  ['a slash that is not encoded', get('/log/200/<script>alert(1)</script>')],
  ['steps in the path', get('/../../../../etc/passwd')],
  ['encoded steps in the path', get('/%2e%2e/%2e%2e/etc/passwd')],
  ['encoded steps below the assets', get('/assets/..%2f..%2fpackage.json')],
  ['a path of a megabyte', get(`/log/200/${'x'.repeat(1_000_000)}`)],
  ['a header of a megabyte', get('/api/ping', `x: ${'x'.repeat(1_000_000)}\r\n`)],
  ['ten thousand headers', get('/api/ping', 'x: y\r\n'.repeat(10_000))],
  ['a header without a colon', get('/api/ping', 'nonsense\r\n')],
  ['a header with a null byte', get('/api/ping', 'x: a\0b\r\n')],
  ['a header that continues in the next line', get('/api/ping', 'x: a\r\n b: c\r\n')],
  ['a space before the colon', get('/api/ping', 'content-length : 5\r\n')],
  ['a sender that is a script', get('/log/200/OK', 'x-podips-host: <script>alert(1)</script>\r\n')],
  ['two lengths', `POST /log/200/OK HTTP/1.1\r\n${CLOSE}content-length: 1\r\ncontent-length: 2\r\n\r\nab`],
  ['a length below zero', `POST /log/200/OK HTTP/1.1\r\n${CLOSE}content-length: -1\r\n\r\n`],
  [
    'a length and chunks',
    `POST /log/200/OK HTTP/1.1\r\n${CLOSE}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunks that are none',
    `POST /log/200/OK HTTP/1.1\r\n${CLOSE}${AUTHORIZED}\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
  ],
  [
    'a body that is announced as 10 MB',
    `POST /log/200/OK HTTP/1.1\r\n${CLOSE}${AUTHORIZED}\r\ncontent-length: 10000000\r\n\r\n`,
  ],
  ['a method of its own', `PWN / HTTP/1.1\r\n${CLOSE}\r\n`],
  ['a method in lower case', `get / HTTP/1.1\r\n${CLOSE}\r\n`],
  ['a deletion', `DELETE /log/200/OK HTTP/1.1\r\n${CLOSE}${AUTHORIZED}\r\n\r\n`],
  ['all options', `OPTIONS * HTTP/1.1\r\n${CLOSE}\r\n`],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['two hosts', 'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n'],
  [
    'a host that is a script, without the login',
    'GET / HTTP/1.1\r\nhost: <script>alert(1)</script>\r\nconnection: close\r\n\r\n',
  ],
  ['another site', 'GET http://evil.example/ HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n'],
  ['HTTP/0.9', 'GET /\r\n\r\n'],
  ['HTTP/9.9', `GET / HTTP/9.9\r\n${CLOSE}\r\n`],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
  ['nothing but line ends, then nonsense', `${'\r\n'.repeat(1_000)}nonsense\r\n\r\n`],
];
