import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter } from 'node:path';
// Not from the package itself, which loads every API of Kubernetes: 50 MB.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import {
  checkProxies,
  collectProblems,
  type Environment,
  proxyOf,
  SettingsError,
  toError,
} from '@podips/shared';
import { ExecAuthenticator } from './exec-plugin.js';
import { kubeconfigFiles, readKubeconfig } from './kubeconfig-files.js';
import { fromTokenFile, toCluster, toUser } from './kubeconfig-user.js';
import { OidcAuthenticator } from './oidc-token.js';
import { checkServer } from './server-setting.js';

/** The only one that there is. */
const CONTEXT = 'podips';

/** The way to a cluster. */
export interface KubeAccess {
  /** Undefined where something is wrong with it. */
  readonly config: KubeConfig | undefined;
  /** That of the service account, or of the kubeconfig's current context; undefined where they name none. */
  readonly namespace: string | undefined;
}

/** The cluster that the service account of this pod leads to. @param problems gets what is missing */
export function loadInCluster(env: Environment, problems: string[]): KubeAccess {
  if (!env.KUBERNETES_SERVICE_HOST || !env.KUBERNETES_SERVICE_PORT) {
    problems.push(
      '--incluster is true, but KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: run inside a cluster, or pass --incluster=false',
    );
    return { config: undefined, namespace: undefined };
  }
  const config = new KubeConfig();
  config.loadFromCluster(env.KUBE_SERVICEACCOUNT_ROOT ?? '');
  const { namespace } = config.getContextObject(config.getCurrentContext()) ?? {};
  return { config, namespace: namespace?.trim() || undefined };
}

/** The cluster of KUBECONFIG, of the file at home, or of KUBE_APISERVER_URL. @param problems gets all that is wrong */
export function loadOutside(env: Environment, problems: string[]): KubeAccess {
  const earlier = problems.length;
  collectProblems(problems, () => checkProxies(env));
  const files = kubeconfigFiles(env, env.HOME ?? homeOfUser(), delimiter);
  const isNamed = Boolean(env.KUBECONFIG);
  const isFiles = isNamed || files.some((file) => existsSync(file));
  const { namespace, cluster, user } = isFiles ? fromFiles(files, problems) : fromUrl(env, problems);
  const access = { config: undefined, namespace: namespace?.trim() || undefined };
  if (cluster === undefined || user === undefined || problems.length > earlier) return access;
  const proxyUrl = cluster.proxyUrl ?? proxyOf(new URL(cluster.server), env);
  // The library refuses http:// unless told that there is no certificate to verify; `kubectl proxy` speaks plain HTTP.
  const skipTLSVerify = cluster.skipTLSVerify || cluster.server.startsWith('http:');
  const clusters = [{ ...cluster, skipTLSVerify, ...(proxyUrl && { proxyUrl }) }];
  const contexts = [{ name: CONTEXT, cluster: cluster.name, user: user.name }];
  return { ...access, config: openConfig({ clusters, users: [user], contexts, currentContext: CONTEXT }) };
}

/** The same cluster and user, with nothing kept of tokens that were read or fetched. */
export function withoutCaches(config: KubeConfig): KubeConfig {
  const { clusters, users, contexts, currentContext } = config;
  return openConfig({ clusters, users, contexts, currentContext });
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

/** A cluster, and who asks it, as far as they are right. */
interface Found {
  readonly namespace?: string | undefined;
  readonly cluster: KubeConfig['clusters'][number] | undefined;
  readonly user: KubeConfig['users'][number] | undefined;
}

function fromFiles(files: readonly string[], problems: string[]): Found {
  const { namespace, cluster, user } = readKubeconfig(files, problems) ?? {};
  const before = problems.length;
  const ownCluster = cluster && toCluster(cluster, problems);
  const usable = problems.length === before ? ownCluster : undefined;
  return { namespace, cluster: usable, user: user && toUser(user, usable, problems) };
}

function fromUrl(env: Environment, problems: string[]): Found {
  const server = env.KUBE_APISERVER_URL;
  if (server) collectProblems(problems, () => checkServer(server, 'KUBE_APISERVER_URL'));
  else
    problems.push(
      '--incluster is false, but there is no way to a cluster: set KUBECONFIG, or have $HOME/.kube/config, or set KUBE_APISERVER_URL (with KUBE_APITOKEN and KUBE_CA_CERT_FILE)',
    );
  const caFile = env.KUBE_CA_CERT_FILE;
  const caData = caFile ? collectProblems(problems, () => readBase64(caFile)) : undefined;
  const { KUBE_APITOKEN: token, KUBE_APITOKEN_FILE: tokenFile } = env;
  return {
    cluster: { name: 'cluster', server: server ?? '', skipTLSVerify: false, ...(caData && { caData }) },
    user: {
      name: 'reader',
      ...(tokenFile ? fromTokenFile(tokenFile) : {}),
      ...(token ? { token } : {}),
    },
  };
}

function readBase64(caFile: string): string {
  try {
    return readFileSync(caFile).toString('base64');
  } catch (err) {
    throw new SettingsError([`KUBE_CA_CERT_FILE cannot be read: ${toError(err).message}`]);
  }
}
