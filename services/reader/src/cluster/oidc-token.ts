import { readFileSync } from 'node:fs';
import type { Authenticator } from '@kubernetes/client-node/dist/auth.js';
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  customFetch,
  discovery,
  None,
  refreshTokenGrant,
} from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';

/** Not `oidc`, which the library would take for its own: its refresh fails, and keeps no client secret. */
export const OIDC_PROVIDER = 'podips-oidc';
/** As kubectl: a token that expires this soon is refreshed. */
const EXPIRY_DELTA_MS = 10_000;
const MAX_ANSWER_BYTES = 1_048_576;

/** The `config` of a kubeconfig's auth-provider `oidc`; tokens that were refreshed are written to it, in memory. */
type OidcConfig = Record<string, string | undefined>;

/** Shows the ID token of a kubeconfig's user, refreshed when it has expired. */
export class OidcAuthenticator implements Authenticator {
  isAuthProvider(user: { readonly authProvider?: { readonly name?: unknown } }): boolean {
    return user.authProvider?.name === OIDC_PROVIDER;
  }

  async applyAuthentication(
    user: { readonly authProvider?: { readonly config?: OidcConfig } },
    options: { headers?: unknown },
  ): Promise<void> {
    const token = await currentToken(user.authProvider?.config ?? {});
    options.headers = { ...(options.headers ?? {}), Authorization: `Bearer ${token}` };
  }
}

async function currentToken(config: OidcConfig): Promise<string> {
  const { 'id-token': idToken, 'refresh-token': refreshToken } = config;
  if (idToken && expiresAtMs(idToken) - EXPIRY_DELTA_MS > Date.now()) return idToken;
  if (!refreshToken) throw new Error('the ID token has expired, and the kubeconfig has no refresh-token');
  const dispatcher = new Agent({ connect: { ca: authorityOf(config) }, maxResponseSize: MAX_ANSWER_BYTES });
  try {
    return await refresh(config, refreshToken, dispatcher);
  } finally {
    await dispatcher.destroy();
  }
}

async function refresh(config: OidcConfig, refreshToken: string, dispatcher: Agent): Promise<string> {
  const answer = await refreshTokenGrant(await discover(config, dispatcher), refreshToken);
  if (!answer.id_token) throw new Error('the OIDC issuer answered without an ID token');
  config['id-token'] = answer.id_token;
  config['refresh-token'] = answer.refresh_token ?? refreshToken;
  return answer.id_token;
}

async function discover(config: OidcConfig, dispatcher: Agent): Promise<Configuration> {
  const { 'client-id': clientId, 'client-secret': secret, 'idp-issuer-url': issuer } = config;
  const url = URL.parse(issuer ?? '');
  if (!clientId || !url) throw new Error('the kubeconfig has no client-id, or no idp-issuer-url');
  return discovery(url, clientId, secret, secret ? authenticateWith(secret) : None(), {
    execute: url.protocol === 'http:' ? [allowInsecureRequests] : [],
    [customFetch]: (target, options) =>
      // Undici's own fetch, because that of Node is of another version; they differ in types alone.
      undiciFetch(target, { ...options, dispatcher } as object) as unknown as Promise<Response>,
  });
}

/** The secret goes into the body where the issuer takes it there, else into the Authorization header, its default. */
function authenticateWith(secret: string): ClientAuth {
  return (server, client, body, headers) => {
    const inBody = server.token_endpoint_auth_methods_supported?.includes('client_secret_post');
    (inBody ? ClientSecretPost(secret) : ClientSecretBasic(secret))(server, client, body, headers);
  };
}

function authorityOf(config: OidcConfig): Buffer | undefined {
  const { 'idp-certificate-authority-data': data, 'idp-certificate-authority': file } = config;
  if (data) return Buffer.from(data, 'base64');
  return file ? readFileSync(file) : undefined;
}

/** 0 for what is no token with a time. */
function expiresAtMs(token: string): number {
  const [, payload = ''] = token.split('.');
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const seconds = typeof claims === 'object' && claims && 'exp' in claims ? Number(claims.exp) : 0;
    return Number.isFinite(seconds) ? seconds * 1_000 : 0;
  } catch (err) {
    if (err instanceof SyntaxError) return 0;
    throw err;
  }
}
