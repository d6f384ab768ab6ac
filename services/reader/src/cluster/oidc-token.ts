import type { Authenticator } from '@kubernetes/client-node/dist/auth.js';
import type { OidcConfig } from './oidc-refresh.js';

/** Not `oidc`, which the library would take for its own: its refresh fails, and keeps no client secret. */
export const OIDC_PROVIDER = 'podips-oidc';
/** As kubectl: a token that expires this soon is refreshed. */
const EXPIRY_DELTA_MS = 10_000;

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
  // Loaded here, because few kubeconfigs have such a user, and its libraries take 5 MB of memory.
  const { requestToken } = await import('./oidc-refresh.js');
  return requestToken(config, refreshToken);
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
