import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
// Not from the package itself, which loads every API of Kubernetes: 50 MB.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { type Environment, SettingsError, toError } from '@podips/shared';

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
  const config = new KubeConfig();
  const home = env.HOME ?? homeOfUser();
  const homeFile = home && join(home, '.kube', 'config');
  if (env.KUBECONFIG) loadFiles(config, env.KUBECONFIG.split(delimiter));
  else if (homeFile && existsSync(homeFile)) loadFiles(config, [homeFile]);
  else loadFromUrl(config, env);
  return allowPlainHttp(config);
}

/** The user of a container may have no entry, and so no home. */
function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined; // then there is no kubeconfig in it either
  }
}

/** KUBECONFIG may name several files; the first one wins where they disagree, as in kubectl. */
function loadFiles(config: KubeConfig, list: readonly string[]): void {
  const files = list.filter((file) => file !== '');
  for (const [index, file] of files.entries()) {
    try {
      const next = index === 0 ? config : new KubeConfig();
      next.loadFromFile(file);
      if (next !== config) config.mergeConfig(next, true);
    } catch (err) {
      throw new SettingsError([`the kubeconfig ${file} cannot be read: ${toError(err).message}`]);
    }
  }
}

function loadFromUrl(config: KubeConfig, env: Environment): void {
  const server = env.KUBE_APISERVER_URL;
  if (!server)
    throw new SettingsError([
      '--incluster is false, but there is no way to a cluster: set KUBECONFIG, or have $HOME/.kube/config, or set KUBE_APISERVER_URL (with KUBE_APITOKEN and KUBE_CA_CERT_FILE)',
    ]);
  const url = URL.parse(server);
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new SettingsError([`KUBE_APISERVER_URL must be an http(s) URL, but is "${server}"`]);
  const caFile = env.KUBE_CA_CERT_FILE;
  config.loadFromClusterAndUser(
    { name: 'cluster', server, skipTLSVerify: false, ...(caFile ? { caData: readBase64(caFile) } : {}) },
    { name: 'reader', ...(env.KUBE_APITOKEN ? { token: env.KUBE_APITOKEN } : {}) },
  );
}

function readBase64(caFile: string): string {
  try {
    return readFileSync(caFile).toString('base64');
  } catch (err) {
    throw new SettingsError([`KUBE_CA_CERT_FILE cannot be read: ${toError(err).message}`]);
  }
}

/** The library refuses http:// unless told that there is no certificate to verify; `kubectl proxy` speaks plain HTTP. */
function allowPlainHttp(config: KubeConfig): KubeConfig {
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  if (!config.getCurrentCluster()) throw new SettingsError(['the kubeconfig names no current cluster']);
  return config;
}

/** The namespace of the service account, or of the kubeconfig's current context. */
export function namespaceOf(config: KubeConfig): string {
  return config.getContextObject(config.getCurrentContext())?.namespace?.trim() || 'default';
}
