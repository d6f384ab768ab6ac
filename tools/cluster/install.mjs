import { randomBytes } from 'node:crypto';
import { StepError } from '../steps.mjs';
import { pokeCanary } from './canary.mjs';
import {
  checkContext,
  checkKubectl,
  checkNodes,
  checkOtherQueues,
  checkServer,
  checkStorage,
} from './check-cluster.mjs';
import {
  applyArgs,
  checkByServer,
  checkForeign,
  checkImages,
  checkKinds,
  checkOthers,
  checkPermissions,
  checkPlaceholders,
  checkRegistry,
  checkSecret,
} from './check-overlay.mjs';
import { findInstalled, versionOf } from './installed.mjs';
import { KubectlError } from './kubectl.mjs';
import { renderOverlay, SECRET } from './overlay.mjs';
import { confirm, createReport } from './report.mjs';
import { readConfiguration, restartChanged, waitUntilReady } from './rollout.mjs';

const APPLY_DEADLINE_MS = 300_000;

/** Installs or upgrades: checks everything, shows the plan, asks for confirmation, applies, and verifies the result. */
export async function installCommand(anyKubectl, options) {
  console.log(`\nChecking${options.dryRun ? ' (dry run)' : ''}`);
  const report = createReport();
  const kubectl = await connect(anyKubectl, report);
  const overlay = await renderOverlay(kubectl, options);
  const installed = await findInstalled(kubectl, overlay);
  checkMode(report, installed, options);
  const secret = await checkAll(kubectl, report, overlay, { installed, options });
  report.stopAtProblems();
  printPlan({ kubectl, overlay, installed, options, secret });
  if (options.dryRun) return console.log('\nDry run: nothing was changed.');
  await confirm(`Change the cluster of context ${kubectl.context}?`, options);
  const deadline = Date.now() + options.timeoutMs;
  await apply(kubectl, overlay, { installed, options, secret });
  await waitUntilReady(kubectl, overlay, { deadline, repeat: toRepeat(options) });
  await pokeCanary(kubectl, overlay, deadline);
  await printDashboard(kubectl, overlay);
}

/** @returns kubectl for a cluster that answers @throws {StepError} */
export async function connect(kubectl, report) {
  if (!(await checkKubectl(kubectl, report))) report.stopAtProblems();
  const chosen = await checkContext(kubectl, report);
  if (chosen === undefined || !(await checkServer(chosen, report))) report.stopAtProblems();
  return chosen;
}

/** The options that continue an installation that stopped. */
function toRepeat({ overlay, registry }) {
  return `--upgrade --overlay ${overlay}${registry === undefined ? '' : ` --registry ${registry}`}`;
}

function checkMode(report, installed, options) {
  if (installed.ending)
    report.problem(
      `the namespace ${installed.name} is being deleted`,
      'wait until it is gone: kubectl get namespaces',
    );
  const version = installed.versions.join(', ');
  if (options.upgrade && installed.workloads.length === 0)
    report.problem('there is no installation of podips to upgrade', 'leave out --upgrade');
  if (!options.upgrade && installed.workloads.length > 0)
    report.problem(
      `podips ${version}, or a part of it, is already installed`,
      `upgrade it with ${toRepeat(options)}, or remove it with --uninstall`,
    );
}

async function checkAll(kubectl, report, overlay, { installed, options }) {
  checkPlaceholders(report, overlay, options);
  checkImages(report, overlay);
  checkRegistry(report, overlay, installed, options);
  const known = await checkKinds(kubectl, report, overlay);
  const permitted = await checkPermissions(kubectl, report, overlay);
  // What may not be looked at was named among the permissions.
  const look = async (check) => {
    try {
      return await check();
    } catch (err) {
      if (permitted || !(err instanceof KubectlError)) throw err;
    }
  };
  await look(() => checkStorage(kubectl, report, overlay, installed));
  await look(() => checkNodes(kubectl, report));
  await look(() => checkOtherQueues(kubectl, report, overlay));
  await look(() => checkForeign(kubectl, report, overlay));
  await look(() => checkOthers(kubectl, report, overlay, installed));
  const secret = await look(() => checkSecret(kubectl, report, overlay, installed));
  if (known && permitted && !installed.ending)
    await checkByServer(kubectl, report, overlay, { installed, ...options });
  return secret;
}

function printPlan({ kubectl, overlay, installed, options, secret }) {
  const counts = new Map();
  for (const { kind } of overlay.documents) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const objects = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const from = options.upgrade ? ` (now ${installed.versions.join(', ')})` : '';
  const secrets =
    secret === 'generate'
      ? 'create the Secret "podips" with generated passwords'
      : 'keep the Secret "podips"';
  const volumes = installed.volumes.length > 0 ? `keep the volumes ${installed.volumes.join(', ')}` : '';
  const steps = [
    `${options.upgrade ? 'upgrade to' : 'install'} podips ${versionOf(overlay.images).join(', ')}${from}, overlay ${options.overlay}`,
    secrets,
    `apply ${overlay.documents.length} objects: ${objects}`,
    volumes,
    options.upgrade ? 'restart what has new settings' : '',
    `wait until everything is ready, ${options.timeoutMs / 60_000} minutes at most, and send a message through the whole chain`,
  ];
  console.log(`\nThis will, in the namespace ${overlay.namespace} of context ${kubectl.context}:`);
  for (const step of steps.filter(Boolean)) console.log(`  - ${step}`);
}

async function apply(kubectl, overlay, { installed, options, secret }) {
  console.log('\nApplying');
  const args = applyArgs(options);
  const limits = { deadlineMs: APPLY_DEADLINE_MS };
  const before = await readConfiguration(kubectl, overlay);
  if (secret === 'generate') {
    const [namespace] = overlay.ofKind('Namespace');
    if (!installed.namespace && namespace === undefined)
      throw new StepError(`there is no namespace ${overlay.namespace}, and the overlay has none`);
    if (!installed.namespace) await kubectl.must(args, { input: namespace.text, ...limits });
    // Passed by standard input, because the arguments of a process are visible to other users.
    await kubectl.must(['create', '--filename', '-'], {
      input: JSON.stringify(makeSecret(overlay.namespace)),
    });
    console.log('  created the Secret "podips"');
  }
  await kubectl.must(args, { input: overlay.text(), ...limits }).catch((err) => {
    throw new StepError(
      `${err.message}\n  Some objects may have been changed. Repair the cause, then repeat with ${toRepeat(options)}`,
    );
  });
  console.log(`  applied ${overlay.documents.length} objects`);
  await restartChanged(kubectl, overlay, { before, installed });
}

function makeSecret(namespace) {
  const secret = () => randomBytes(24).toString('hex');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: SECRET, namespace, labels: { 'app.kubernetes.io/name': 'podips' } },
    type: 'Opaque',
    stringData: {
      QUEUE_USERNAME: 'podips',
      QUEUE_PASSWORD: secret(),
      DB_USER: 'podips',
      DB_PASSWORD: secret(),
      HEARTBEAT_TOKEN: secret(),
    },
  };
}

async function printDashboard(kubectl, { namespace, ofKind }) {
  const port = `kubectl --context ${kubectl.context} --namespace ${namespace} port-forward service/podips-monitor 8080:80`;
  console.log('\npodips works. The dashboard:');
  if (ofKind('Ingress').some(({ name }) => name === 'podips-monitor')) {
    const ingress = await kubectl.get('ingress', 'podips-monitor', '--namespace', namespace);
    const scheme = ingress?.spec?.tls ? 'https' : 'http';
    for (const { host } of ingress?.spec?.rules ?? []) console.log(`  ${scheme}://${host}/`);
  } else {
    console.log(`  ${port}\n  http://127.0.0.1:8080/`);
  }
}
