import { KubectlError } from './kubectl.mjs';

/** The first version with strict validation by the server. */
const OLDEST_MINOR = 27;
const ARCHITECTURES = ['amd64', 'arm64'];
const STOMP_PORT = 61613;
/** How kubectl says that the server answers 401 or 403. */
const REFUSED = /Unauthorized|must be logged in|provide credentials|Forbidden/i;

/** @returns whether kubectl is there and recent enough */
export async function checkKubectl(kubectl, report) {
  const { ok, missing, stdout, text } = await kubectl.run(['version', '--client', '--output', 'json']);
  if (missing) {
    report.problem('kubectl is not installed', 'install it: https://kubernetes.io/docs/tasks/tools/');
    return false;
  }
  // An old version may not know these flags.
  const version = ok ? JSON.parse(stdout).clientVersion : undefined;
  if (!isRecent(version)) {
    report.problem(
      version ? `kubectl is ${version.gitVersion}, too old` : `the version of kubectl is unknown: ${text}`,
      `install 1.${OLDEST_MINOR} or newer: https://kubernetes.io/docs/tasks/tools/`,
    );
    return false;
  }
  report.ok(`kubectl ${version.gitVersion}`);
  return true;
}

/** @returns kubectl for the context that is asked for or, without one, for the current one; undefined when there is none */
export async function checkContext(kubectl, report) {
  const names = (await kubectl.withContext().must(['config', 'get-contexts', '--output', 'name']))
    .split('\n')
    .filter(Boolean);
  if (names.length === 0)
    return report.problem(
      'kubectl knows no cluster',
      'set KUBECONFIG to the file of your cluster, or create a cluster for a trial (docs/install.md)',
    );
  const current = await kubectl.withContext().run(['config', 'current-context']);
  const context = kubectl.context ?? current.stdout.trim();
  if (!names.includes(context))
    return report.problem(
      context === '' ? 'there is no current context' : `there is no context ${context}`,
      `choose one with --context: ${names.join(', ')}`,
    );
  const chosen = kubectl.withContext(context);
  const server = await chosen.must([
    'config',
    'view',
    '--minify',
    '--output',
    'jsonpath={.clusters[0].cluster.server}',
  ]);
  report.ok(`context ${context}, server ${server}`);
  return chosen;
}

/** @returns whether the cluster answers and is recent enough */
export async function checkServer(kubectl, report) {
  const args = ['version', '--output', 'json', '--request-timeout', '15s'];
  const { ok, stdout, text } = await kubectl.run(args);
  if (!ok && REFUSED.test(text)) {
    report.problem(
      `the cluster refuses your login: ${text}`,
      `renew the credentials of the context, or choose another one with --context; this asks the cluster who you are:\nkubectl --context ${kubectl.context} auth whoami`,
    );
    return false;
  }
  if (!ok) {
    report.problem(
      `the cluster does not answer: ${text}`,
      'is it running, can this machine reach it, and are your credentials still valid? kubectl cluster-info shows more',
    );
    return false;
  }
  const { serverVersion } = JSON.parse(stdout);
  if (!isRecent(serverVersion)) {
    report.problem(
      `the cluster is ${serverVersion?.gitVersion}, too old`,
      `podips needs 1.${OLDEST_MINOR} or newer`,
    );
    return false;
  }
  report.ok(`Kubernetes ${serverVersion.gitVersion}`);
  return true;
}

function isRecent(version) {
  const [major, minor] = [version?.major, version?.minor].map((part) => Number.parseInt(part, 10));
  return major > 1 || (major === 1 && minor >= OLDEST_MINOR);
}

/** A volume without a class stays pending when there is no default class. */
export async function checkStorage(kubectl, report, overlay, { volumes }) {
  const isThere = (name) => volumes.some((volume) => volume === name || volume.endsWith(`-${name}-0`));
  const claims = overlay.documents.filter(
    ({ name, text }) =>
      /^kind: PersistentVolumeClaim$|^ {2}volumeClaimTemplates:$/m.test(text) && !isThere(name),
  );
  if (claims.length === 0 || claims.every(({ text }) => text.includes('storageClassName:'))) return;
  await look(report, 'storage classes', async () => {
    const { items = [] } = (await kubectl.get('storageclasses')) ?? {};
    const isDefault = ({ metadata }) =>
      metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
    const found = items.find(isDefault);
    if (found) return report.ok(`default storage class ${found.metadata.name}`);
    const names = items.map(({ metadata }) => metadata.name);
    report.problem(
      `there is no default storage class, but these need volumes: ${claims.map(({ name }) => name).join(', ')}`,
      names.length === 0
        ? 'install a volume provisioner, such as the one of your cloud or rancher/local-path-provisioner'
        : `make one of ${names.join(', ')} the default:\nkubectl --context ${kubectl.context} patch storageclass ${names[0]} --patch '{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}'`,
    );
  });
}

/** The images run on Linux, amd64 and arm64. */
export async function checkNodes(kubectl, report) {
  await look(report, 'nodes', async () => {
    const { items = [] } = (await kubectl.get('nodes')) ?? {};
    const infos = items.map(({ status, spec }) => ({
      ...status.nodeInfo,
      closed: spec?.unschedulable === true,
    }));
    const usable = infos.filter(
      ({ operatingSystem, architecture, closed }) =>
        operatingSystem === 'linux' && ARCHITECTURES.includes(architecture) && !closed,
    );
    const kinds = [
      ...new Set(infos.map(({ operatingSystem, architecture }) => `${operatingSystem}/${architecture}`)),
    ];
    if (usable.length === 0)
      return report.problem(
        `no node can run podips: ${kinds.join(', ') || 'there are no nodes'}`,
        `add a schedulable Linux node (${ARCHITECTURES.join(' or ')}); kubectl uncordon makes a cordoned one schedulable`,
      );
    report.ok(`${usable.length} of ${items.length} nodes can run podips (${kinds.join(', ')})`);
    if (kinds.length > 1) report.note(`the images must exist for each of: ${kinds.join(', ')}`);
  });
}

/** A cluster with a queue may not need a second one. */
export async function checkOtherQueues(kubectl, report, overlay) {
  if (!overlay.ofKind('StatefulSet').some(({ name }) => name === 'podips-queue')) return;
  await look(report, 'services', async () => {
    const { items = [] } = (await kubectl.get('services', '--all-namespaces')) ?? {};
    const others = items
      .filter(({ metadata, spec }) => {
        const ports = (spec.ports ?? []).map(({ port }) => port);
        return metadata.namespace !== overlay.namespace && ports.includes(STOMP_PORT);
      })
      .map(({ metadata }) => `${metadata.name}.${metadata.namespace}`);
    if (others.length > 0)
      report.note(`there already is a queue: ${others.join(', ')}. The overlay production can use it.`);
  });
}

/** Missing permission to look is a note, not a problem. */
async function look(report, what, work) {
  try {
    await work();
  } catch (err) {
    if (!(err instanceof KubectlError)) throw err;
    report.note(`could not list the ${what}: ${err.text}`);
  }
}
