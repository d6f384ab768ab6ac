const OWN_IMAGE = /^(.+)\/(?:reader|writer|monitor|cronjob):([^/]+)$/;

/** @returns the versions in the names of podips' own images */
export function versionOf(images) {
  return [...new Set(images.flatMap((image) => OWN_IMAGE.exec(image)?.[2] ?? []))];
}

/** @returns where podips' own images come from */
export function registriesOf(images) {
  return [...new Set(images.flatMap((image) => OWN_IMAGE.exec(image)?.[1] ?? []))];
}

export const OWN = 'app.kubernetes.io/name=podips';
/** The annotation of a pod that tells the settings it was started with. */
export const SETTINGS = 'podips/settings';

/** What there is already of podips in the overlay's namespace. @throws {KubectlError} */
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
  };
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
 * Which kinds of the Prometheus operator the cluster knows. kubectl fails when any API of the cluster is away, such as that
 * of its metrics, and yet names all others.
 */
export async function findOperatorKinds(kubectl) {
  const group = ['api-resources', '--api-group', 'monitoring.coreos.com', '--output', 'name'];
  return (await kubectl.run(group)).stdout.split('\n').filter(Boolean);
}

/**
 * What belongs to no namespace has a name that is unique in the cluster: another podips, in another namespace, may have it.
 * @returns the bindings of the overlay that are another one's, each with that namespace
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
