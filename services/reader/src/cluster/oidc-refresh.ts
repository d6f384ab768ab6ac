import { readFileSync } from 'node:fs';
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

const MAX_ANSWER_BYTES = 1_048_576;

/** The `config` of a kubeconfig's auth-provider `oidc`; tokens that were refreshed are written to it, in memory. */
export type OidcConfig = Record<string, string | undefined>;

/**
 * Asks the issuer for another ID token, and writes what it answers to the configuration.
 * @throws {Error} when the configuration is incomplete, or the issuer gives none
 */
export async function requestToken(config: OidcConfig, token: string): Promise<string> {
  const dispatcher = new Agent({ connect: { ca: authorityOf(config) }, maxResponseSize: MAX_ANSWER_BYTES });
  try {
    return await refresh(config, token, dispatcher);
  } finally {
    await dispatcher.destroy();
  }
}

async function refresh(config: OidcConfig, token: string, dispatcher: Agent): Promise<string> {
  const answer = await refreshTokenGrant(await discover(config, dispatcher), token);
  if (!answer.id_token) throw new Error('the OIDC issuer answered without an ID token');
  config['id-token'] = answer.id_token;
  config['refresh-token'] = answer.refresh_token ?? token;
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
