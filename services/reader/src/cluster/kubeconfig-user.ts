import { existsSync, readFileSync } from 'node:fs';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { checkProxy, collectProblems, SettingsError, toError, withoutLogin } from '@podips/shared';
import { EXEC_PROVIDER } from './exec-plugin.js';
import { type Fields, isFields, type NamedFields, textFields } from './kubeconfig-files.js';
import { OIDC_PROVIDER } from './oidc-token.js';
import { checkServer } from './server-setting.js';

/** A user of the library, with what it does not know: headers of those that the user acts for. */
export interface ActingUser extends User {
  readonly impersonation?: Readonly<Record<string, string | readonly string[]>>;
}

/** A cluster of the library, with what plugins may want to know of it. */
export interface PluginCluster extends Cluster {
  readonly execConfig?: unknown;
}

/** The library's form of a kubeconfig's cluster. @param problems gets what kubectl refuses as well */
export function toCluster(entry: NamedFields, problems: string[]): PluginCluster {
  const text = textFields(entry, 'clusters', problems);
  const { name } = entry;
  const earlier = problems.length;
  const server = text('server') ?? '';
  if (problems.length === earlier)
    collectProblems(problems, () => checkServer(server, `server of the kubeconfig's cluster "${name}"`));
  const proxy = text('proxy-url');
  const skipTLSVerify = entry.fields['insecure-skip-tls-verify'] === true;
  const authority = collectProblems(problems, () =>
    oneOf('ca', text('certificate-authority'), text('certificate-authority-data')),
  );
  if (skipTLSVerify && Object.keys(authority ?? {}).length > 0)
    problems.push(
      `the kubeconfig's cluster "${name}" has a certificate authority and insecure-skip-tls-verify: only one of them can be meant`,
    );
  const proxyUrl = collectProblems(
    problems,
    () => proxy && checkProxy(parseProxy(proxy, name), `proxy-url of the cluster "${name}"`),
  );
  return {
    name,
    server: server.replace(/\/+$/, ''),
    skipTLSVerify,
    ...authority,
    ...given({ tlsServerName: text('tls-server-name'), proxyUrl, execConfig: execConfigOf(entry) }),
  };
}

/**
 * The library's form of a kubeconfig's user.
 * @param cluster its cluster; undefined when that is wrong, and only what is wrong here matters
 * @param problems gets what is wrong
 */
export function toUser(
  entry: NamedFields,
  cluster: PluginCluster | undefined,
  problems: string[],
): ActingUser {
  const text = textFields(entry, 'users', problems);
  const certificate = collectProblems(problems, () =>
    oneOf('cert', text('client-certificate'), text('client-certificate-data')),
  );
  const key = collectProblems(problems, () => oneOf('key', text('client-key'), text('client-key-data')));
  if (certificate && key && Object.keys(certificate).length > 0 && Object.keys(key).length === 0)
    problems.push(`the kubeconfig's user "${entry.name}" has a client-certificate, but no client-key`);
  const plugin = collectProblems(problems, () => pluginOf(entry, cluster));
  const tokenFile = text('tokenFile');
  return {
    name: entry.name,
    ...certificate,
    ...key,
    // As kubectl, which prefers the file.
    ...(tokenFile ? fromTokenFile(tokenFile) : given({ token: text('token') })),
    ...given({ username: text('username'), password: text('password'), impersonateUser: text('as') }),
    ...plugin,
    ...impersonationOf(entry),
  };
}

/** The token of a user is in a file, which is read again each minute, and when the token is refused. */
export function fromTokenFile(tokenFile: string): Pick<User, 'authProvider'> {
  return { authProvider: { name: 'tokenFile', config: { tokenFile } } };
}

/** What a cluster has for plugins among its extensions. */
function execConfigOf({ fields: { extensions } }: NamedFields): unknown {
  const list = Array.isArray(extensions) ? extensions.filter(isFields) : [];
  return list.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.extension;
}

function parseProxy(proxy: string, name: string): URL {
  const url = URL.parse(proxy);
  if (url) return url;
  throw new SettingsError([
    `the kubeconfig's cluster "${name}" must have a URL as proxy-url, but has "${withoutLogin(proxy)}"`,
  ]);
}

/** Of a file and the data itself the data counts; the library would take the file. */
function oneOf<Kind extends 'ca' | 'cert' | 'key'>(kind: Kind, file?: string, data?: string) {
  if (data) return { [`${kind}Data`]: data };
  if (file && !existsSync(file))
    throw new SettingsError([`the kubeconfig names ${file}, which does not exist`]);
  return file ? { [`${kind}File`]: file } : {};
}

/** The plugin, or the provider, that gives the user its token. */
function pluginOf(
  { name, fields }: NamedFields,
  cluster: PluginCluster | undefined,
): Pick<User, 'authProvider'> {
  const { exec, 'auth-provider': provider } = fields;
  if (isFields(exec))
    return { authProvider: { name: EXEC_PROVIDER, config: withExecInfo(exec, name, cluster) } };
  if (!isFields(provider)) return {};
  const isOidc = provider.name === 'oidc';
  const config = isFields(provider.config) ? { ...provider.config } : {};
  return { authProvider: { ...provider, config, ...(isOidc && { name: OIDC_PROVIDER }) } };
}

/** Adds the environment that plugins get from kubectl: some do nothing without it. */
function withExecInfo(exec: Fields, name: string, cluster: PluginCluster | undefined): Fields {
  const { command, apiVersion, env } = exec;
  if (typeof command !== 'string' || command === '' || typeof apiVersion !== 'string')
    throw new SettingsError([
      `the plugin of the kubeconfig's user "${name}" must have command and apiVersion`,
    ]);
  const info = {
    kind: 'ExecCredential',
    apiVersion,
    spec: {
      interactive: false,
      ...(exec.provideClusterInfo === true &&
        cluster && {
          cluster: given({
            server: cluster.server,
            'tls-server-name': cluster.tlsServerName,
            'insecure-skip-tls-verify': cluster.skipTLSVerify || undefined,
            'certificate-authority-data': cluster.caFile ? readBase64(cluster.caFile) : cluster.caData,
            'proxy-url': cluster.proxyUrl,
            config: cluster.execConfig,
          }),
        }),
    },
  };
  const variables = Array.isArray(env) ? env : [];
  return { ...exec, env: [...variables, { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }] };
}

function readBase64(file: string): string {
  try {
    return readFileSync(file).toString('base64');
  } catch (err) {
    throw new SettingsError([`the kubeconfig names ${file}, which cannot be read: ${toError(err).message}`]);
  }
}

function impersonationOf({ fields }: NamedFields): Pick<ActingUser, 'impersonation'> {
  const { 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extra } = fields;
  const headers: Record<string, string | readonly string[]> = {};
  if (typeof uid === 'string' && uid !== '') headers['Impersonate-Uid'] = uid;
  if (Array.isArray(groups) && groups.length > 0) headers['Impersonate-Group'] = groups.map(String);
  for (const [key, values] of Object.entries(isFields(extra) ? extra : {}))
    if (Array.isArray(values))
      headers[`Impersonate-Extra-${encodeURIComponent(key.toLowerCase())}`] = values.map(String);
  return Object.keys(headers).length > 0 ? { impersonation: headers } : {};
}

/** Only what has a value: the library takes undefined for a value in places. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined | ''> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value)) as {
    // The entries that are left have a value.
    [K in keyof T]?: Exclude<T[K], undefined | ''>;
  };
}
