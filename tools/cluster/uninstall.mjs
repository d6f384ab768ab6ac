import { StepError } from '../steps.mjs';
import { connect } from './install.mjs';
import { findForeign, findInstalled, findOperatorKinds, OWN } from './installed.mjs';
import { renderOverlay, SECRET } from './overlay.mjs';
import { confirm, createReport } from './report.mjs';

/** All kinds that podips has in its namespace, except volumes and Secrets. */
export const KINDS = [
  'deployments.apps',
  'statefulsets.apps',
  'cronjobs.batch',
  'jobs.batch',
  'services',
  'configmaps',
  'serviceaccounts',
  'ingresses.networking.k8s.io',
  'networkpolicies.networking.k8s.io',
  'poddisruptionbudgets.policy',
  'rolebindings.rbac.authorization.k8s.io',
  'roles.rbac.authorization.k8s.io',
  // Made by the reader.
  'leases.coordination.k8s.io',
];
const CUSTOM_KINDS = ['podmonitors.monitoring.coreos.com', 'prometheusrules.monitoring.coreos.com'];
const DEADLINE_MS = 300_000;

/** Removes podips. Only --purge removes its data: volumes, the Secret and the namespace. */
export async function uninstallCommand(anyKubectl, options) {
  console.log(`\nChecking${options.dryRun ? ' (dry run)' : ''}`);
  const report = createReport();
  const kubectl = await connect(anyKubectl, report);
  const overlay = await renderOverlay(kubectl, { overlayDir: options.overlayDir });
  const installed = await findInstalled(kubectl, overlay);
  const plan = await findAll(kubectl, overlay);
  const nothing = plan.objects.length === 0 && plan.clusterWide.length === 0;
  if (nothing && !(options.purge && installed.namespace))
    throw new StepError(
      `there is no podips in the namespace ${overlay.namespace} of context ${kubectl.context}`,
    );
  if (options.purge && installed.namespace) await refuseOthers(kubectl, overlay);
  printPlan({ kubectl, overlay, installed, plan, options });
  if (options.dryRun) return console.log('\nDry run: nothing was changed.');
  const word = options.purge ? overlay.namespace : 'yes';
  await confirm(`Remove this from the cluster of context ${kubectl.context}?`, { ...options, word });
  await remove(kubectl, overlay, { installed, plan, options });
}

/** Deleting a namespace deletes everything in it. @throws {StepError} when it has pods or volumes of others */
async function refuseOthers(kubectl, { namespace }) {
  const select = ['--namespace', namespace, '--selector', OWN.replace('=', '!=')];
  const { items = [] } = (await kubectl.get('pods,persistentvolumeclaims', ...select)) ?? {};
  if (items.length === 0) return;
  const names = items.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ');
  throw new StepError(
    `--purge deletes the namespace ${namespace}, but it also contains: ${names}. Remove them first, or omit --purge; nothing was changed`,
  );
}

async function findAll(kubectl, overlay) {
  const { namespace, documents } = overlay;
  const known = await findOperatorKinds(kubectl);
  const kinds = [...KINDS, ...CUSTOM_KINDS.filter((kind) => known.includes(kind))].join(',');
  const list = async (args) =>
    (await kubectl.must(['get', ...args, '--ignore-not-found', '--output', 'name']))
      .split('\n')
      .filter(Boolean);
  const own = documents.filter(
    (document) => document.namespace === undefined && document.kind !== 'Namespace',
  );
  // Objects that another podips uses by now are kept.
  const foreign = (await findForeign(kubectl, overlay)).length > 0;
  const clusterWide = foreign
    ? []
    : await Promise.all(own.map(({ resource, name }) => list([resource, name])));
  return {
    kinds,
    objects: await list([kinds, '--namespace', namespace, '--selector', OWN]),
    clusterWide: clusterWide.flat(),
  };
}

function printPlan({ kubectl, overlay, installed, plan, options }) {
  const { namespace } = overlay;
  console.log(`\nThis will remove from the namespace ${namespace} of context ${kubectl.context}:`);
  for (const name of [...plan.objects, ...plan.clusterWide]) console.log(`  - ${name}`);
  const volumes = installed.volumes.join(', ') || 'none';
  const hasQueue = installed.volumes.includes('data-podips-queue-0');
  if (!options.purge) {
    console.log(
      `It will keep the volumes (${volumes}), the Secret "${SECRET}" and the namespace; --purge also removes them.`,
    );
    if (hasQueue) console.log('Messages that are still on the queue stay in its volume.');
    return;
  }
  console.log(`  - the claims of the volumes: ${volumes}`);
  console.log(`  - the namespace ${namespace} with everything else in it, such as Secrets`);
  console.log(whatBecomesOfData(installed));
  if (hasQueue) console.log('Messages that are still on the queue are not delivered any more.');
}

/** The data of a volume goes with its claim, unless its StorageClass says otherwise. */
function whatBecomesOfData({ volumes, retained }) {
  if (volumes.length === 0) return 'There are no volumes, and so no data.';
  if (retained === undefined)
    return 'You may not see the reclaim policy of the volumes: with Retain their data stays, with Delete it is deleted.';
  if (retained.length === 0) return 'The data in the volumes is deleted with them.';
  return `The reclaim policy of these volumes is Retain, so their data stays until you delete them: ${retained.join(', ')}`;
}

async function remove(kubectl, { namespace }, { installed, plan, options }) {
  const limits = { deadlineMs: DEADLINE_MS };
  const wait = ['--ignore-not-found', '--wait'];
  if (plan.objects.length > 0)
    await kubectl.must(['delete', plan.kinds, '--namespace', namespace, '--selector', OWN, ...wait], limits);
  if (plan.clusterWide.length > 0) await kubectl.must(['delete', ...plan.clusterWide, ...wait], limits);
  if (options.purge && installed.namespace)
    await kubectl.must(['delete', 'namespace', namespace, ...wait], limits);
  console.log(
    options.purge
      ? `\npodips was removed. ${whatBecomesOfData(installed)}`
      : '\npodips was removed; its data was kept.',
  );
}
