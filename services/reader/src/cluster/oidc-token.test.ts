import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { OidcAuthenticator } from './oidc-token.js';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

it('keeps no connection to the issuer when the token has been refreshed', async () => {
  const server = createServer(({ url: path }, response) => {
    const answer = path?.startsWith('/.well-known')
      ? { issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` }
      : { access_token: 'unused', token_type: 'bearer', id_token: token(3_600) };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  server.keepAliveTimeout = 600_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // A TCP server that listens has an AddressInfo.
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const now = Math.floor(Date.now() / 1_000);
  const token = (seconds: number) => {
    const claims = { iss: issuer, aud: 'me', sub: 'she', iat: now - 3_600, exp: now + seconds };
    return `${encode({ alg: 'RS256' })}.${encode(claims)}.c2ln`;
  };
  let opened = 0;
  server.on('connection', () => {
    opened += 1;
  });
  const options = {};
  const config = {
    'client-id': 'me',
    'idp-issuer-url': issuer,
    'id-token': token(-60),
    'refresh-token': 'first',
  };
  await new OidcAuthenticator().applyAuthentication({ authProvider: { config } }, options);
  expect(options).toEqual({ headers: { Authorization: `Bearer ${token(3_600)}` } });
  expect(opened).toBeGreaterThan(0);
  const open = () =>
    new Promise((resolve, reject) => {
      server.getConnections((err, count) => (err ? reject(err) : resolve(count)));
    });
  await vi.waitFor(async () => expect(await open()).toBe(0));
});
