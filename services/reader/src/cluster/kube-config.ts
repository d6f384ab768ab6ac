import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter } from 'node:path';
// Not from the package itself, which loads every API of Kubernetes: 50 MB.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { collectProblems, type Environment, proxyOf, SettingsError, toError } from '@podips/shared';
import { ExecAuthenticator } from './exec-plugin.js';
import { kubeconfigFiles, readKubeconfig } from './kubeconfig-files.js';
import { fromTokenFile, toCluster, toUser } from './kubeconfig-user.js';
import { OidcAuthenticator } from './oidc-token.js';
import { checkServer } from './server-setting.js';

/** The cluster that the service account of this pod leads to. @throws {SettingsError} */
export function loadInCluster(env: Environment): KubeConfig {
  if (!env.KUBERNETES_SERVICE_HOST || !env.KUBERNETES_SERVICE_PORT)
    throw new SettingsError([
      '--incluster is true, but KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: run inside a cluster, or pass --incluster=false',
    ]);
  const config = new KubeConfig();
  config.loadFromCluster(env.KUBE_SERVICEACCOUNT_ROOT ?? '');
  return config;
}

/** The cluster of KUBECONFIG, of the file at home, or of KUBE_APISERVER_URL. @throws {SettingsError} */
export function loadOutside(env: Environment): KubeConfig {
  const files = kubeconfigFiles(env, env.HOME ?? homeOfUser(), delimiter);
  const isNamed = Boolean(env.KUBECONFIG);
  const options = isNamed || files.some((file) => existsSync(file)) ? fromFiles(files) : fromUrl(env);
  const [cluster] = options.clusters;
  const proxyUrl = cluster.proxyUrl ?? proxyOf(new URL(cluster.server), env);
  // The library refuses http:// unless told that there is no certificate to verify; `kubectl proxy` speaks plain HTTP.
  const skipTLSVerify = cluster.skipTLSVerify || cluster.server.startsWith('http:');
  return openConfig({ ...options, clusters: [{ ...cluster, skipTLSVerify, ...(proxyUrl && { proxyUrl }) }] });
}

/** The same cluster and user, with nothing kept of tokens that were read or fetched. */
export function withoutCaches(config: KubeConfig): KubeConfig {
  const { clusters, users, contexts, currentContext } = config;
  return openConfig({ clusters, users, contexts, currentContext });
}

/** The namespace of the service account, or of the kubeconfig's current context. */
export function namespaceOf(config: KubeConfig): string {
  return config.getContextObject(config.getCurrentContext())?.namespace?.trim() || 'default';
}

type ConfigOptions = Pick<KubeConfig, 'clusters' | 'users' | 'contexts' | 'currentContext'>;

function openConfig(options: ConfigOptions): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions(options);
  config.addAuthenticator(new OidcAuthenticator());
  config.addAuthenticator(new ExecAuthenticator());
  return config;
}

/** The user of a container may have no entry, and so no home. */
function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined; // then there is no kubeconfig in it either
  }
}

function fromFiles(files: readonly string[]) {
  const { name, namespace, cluster, user } = readKubeconfig(files);
  const context = { name, cluster: cluster.name, user: user.name, ...(namespace && { namespace }) };
  const problems: string[] = [];
  const ownCluster = collectProblems(problems, () => toCluster(cluster));
  const ownUser = collectProblems(problems, () => toUser(user, ownCluster));
  if (ownCluster === undefined || ownUser === undefined) throw new SettingsError(problems);
  return optionsOf(ownCluster, ownUser, context);
}

function fromUrl(env: Environment) {
  const server = env.KUBE_APISERVER_URL;
  if (!server)
    throw new SettingsError([
      '--incluster is false, but there is no way to a cluster: set KUBECONFIG, or have $HOME/.kube/config, or set KUBE_APISERVER_URL (with KUBE_APITOKEN and KUBE_CA_CERT_FILE)',
    ]);
  const problems: string[] = [];
  collectProblems(problems, () => checkServer(server, 'KUBE_APISERVER_URL'));
  const caFile = env.KUBE_CA_CERT_FILE;
  const caData = caFile ? collectProblems(problems, () => readBase64(caFile)) : undefined;
  if (problems.length > 0) throw new SettingsError(problems);
  const cluster = {
    name: 'cluster',
    server,
    skipTLSVerify: false,
    ...(caData === undefined ? {} : { caData }),
  };
  const { KUBE_APITOKEN: token, KUBE_APITOKEN_FILE: tokenFile } = env;
  const user = {
    name: 'reader',
    ...(tokenFile ? fromTokenFile(tokenFile) : {}),
    ...(token ? { token } : {}),
  };
  return optionsOf(cluster, user, { name: 'cluster', cluster: cluster.name, user: user.name });
}

function optionsOf(
  cluster: KubeConfig['clusters'][number],
  user: KubeConfig['users'][number],
  context: KubeConfig['contexts'][number],
) {
  const clusters: [typeof cluster] = [cluster];
  return { clusters, users: [user], contexts: [context], currentContext: context.name };
}

function readBase64(caFile: string): string {
  try {
    return readFileSync(caFile).toString('base64');
  } catch (err) {
    throw new SettingsError([`KUBE_CA_CERT_FILE cannot be read: ${toError(err).message}`]);
  }
}
