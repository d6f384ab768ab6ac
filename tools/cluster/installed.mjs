const OWN_IMAGE = /^(.+)\/(?:reader|writer|monitor|cronjob):([^/]+)$/;

/** @returns the versions in the names of podips' own images */
export function versionOf(images) {
  return [...new Set(images.flatMap((image) => OWN_IMAGE.exec(image)?.[2] ?? []))];
}

/** @returns the registries of podips' own images */
export function registriesOf(images) {
  return [...new Set(images.flatMap((image) => OWN_IMAGE.exec(image)?.[1] ?? []))];
}

export const OWN = 'app.kubernetes.io/name=podips';
/** The annotation of a pod with a hash of the settings that it was started with. */
export const SETTINGS = 'podips/settings';

/** Finds the objects of podips in the overlay's namespace. @throws {KubectlError} */
export async function findInstalled(kubectl, { namespace }) {
  const found = await kubectl.get('namespace', namespace);
  const nothing = {
    name: namespace,
    namespace: undefined,
    ending: false,
    workloads: [],
    versions: [],
    registries: [],
    settings: new Map(),
    volumes: [],
    retained: [],
  };
  if (found === undefined) return nothing;
  const select = ['--namespace', namespace, '--selector', OWN];
  const { items: workloads = [] } = (await kubectl.get('deployments,statefulsets,cronjobs', ...select)) ?? {};
  const { items: volumes = [] } = (await kubectl.get('persistentvolumeclaims', ...select)) ?? {};
  return {
    name: namespace,
    namespace: found,
    ending: found.status?.phase === 'Terminating',
    workloads: workloads.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    versions: versionOf(workloads.flatMap(imagesOf)),
    registries: registriesOf(workloads.flatMap(imagesOf)),
    settings: new Map(workloads.map((workload) => [workload.metadata.name, settingsOf(workload)])),
    volumes: volumes.map(({ metadata }) => metadata.name),
    retained: await findRetained(kubectl, volumes),
  };
}

/** @returns the volumes whose data stays when their claims are deleted; undefined when the user may not look */
async function findRetained(kubectl, claims) {
  const names = claims.map(({ spec }) => spec?.volumeName).filter(Boolean);
  if (names.length === 0) return [];
  const { ok, stdout } = await kubectl.run(['get', 'persistentvolumes', '--output', 'json']);
  if (!ok) return;
  return JSON.parse(stdout)
    .items.filter(({ spec }) => spec.persistentVolumeReclaimPolicy === 'Retain')
    .map(({ metadata }) => metadata.name)
    .filter((name) => names.includes(name));
}

/** The settings that its pods were started with. */
function settingsOf({ spec }) {
  return spec.template?.metadata?.annotations?.[SETTINGS];
}

function imagesOf({ spec }) {
  const template = spec.template ?? spec.jobTemplate?.spec?.template;
  return (template?.spec?.containers ?? []).map(({ image }) => image);
}

/**
 * The kinds of the Prometheus operator that the cluster knows. kubectl fails when any API of the cluster is unavailable, such
 * as that of metrics, but still prints all others.
 */
export async function findOperatorKinds(kubectl) {
  const group = ['api-resources', '--api-group', 'monitoring.coreos.com', '--output', 'name'];
  return (await kubectl.run(group)).stdout.split('\n').filter(Boolean);
}

/**
 * The names of cluster-scoped objects are unique: a podips in another namespace may already use them.
 * @returns the bindings of the overlay that belong to another podips, each with its namespace
 */
export async function findForeign(kubectl, { namespace, ofKind }) {
  const found = await Promise.all(
    ofKind('ClusterRoleBinding').map(({ name }) => kubectl.get('clusterrolebindings', name)),
  );
  return found.flatMap((binding) => {
    const other = binding?.subjects?.find((subject) => subject.namespace !== namespace);
    return other ? [{ name: binding.metadata.name, namespace: other.namespace }] : [];
  });
}
