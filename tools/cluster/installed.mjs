/** @returns the versions in the names of podips' own images */
export function versionOf(images) {
  const own = images.filter((image) => /\/(reader|writer|monitor|cronjob):[^/]+$/.test(image));
  return [...new Set(own.map((image) => image.split(':').at(-1)))];
}

export const OWN = 'app.kubernetes.io/name=podips';

/** What there is already of podips in the overlay's namespace. @throws {KubectlError} */
export async function findInstalled(kubectl, { namespace }) {
  const found = await kubectl.get('namespace', namespace);
  const nothing = {
    name: namespace,
    namespace: undefined,
    ending: false,
    workloads: [],
    versions: [],
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
    volumes: volumes.map(({ metadata }) => metadata.name),
  };
}

function imagesOf({ spec }) {
  const template = spec.template ?? spec.jobTemplate?.spec?.template;
  return (template?.spec?.containers ?? []).map(({ image }) => image);
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
