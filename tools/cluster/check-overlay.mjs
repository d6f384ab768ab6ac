import { findForeign, findOperatorKinds, registriesOf } from './installed.mjs';
import { SECRET } from './overlay.mjs';

const AT_A_TIME = 4;
const REQUIRED_KEYS = ['QUEUE_USERNAME', 'QUEUE_PASSWORD', 'DB_USER', 'DB_PASSWORD'];
const TOKEN_KEY = 'HEARTBEAT_TOKEN';
/** The prefix of the passwords in trial-secret.yaml. */
const KNOWN_PASSWORD = 'trial-only';
/**
 * Permissions beyond those for the overlay's objects: for the canary, to explain what does not start, and those of the
 * reader, because Kubernetes lets only those grant a permission who have it.
 */
const OTHER_PERMISSIONS = [
  ['create', 'secrets'],
  ['get', 'secrets'],
  ['create', 'jobs.batch'],
  ['list', 'pods'],
  ['get', 'pods', '--subresource', 'log'],
  ['get', 'leases.coordination.k8s.io'],
  ['create', 'leases.coordination.k8s.io'],
  ['update', 'leases.coordination.k8s.io'],
];

/** Placeholders stand for values that only the operator knows. */
export function checkPlaceholders(report, overlay, options) {
  if (overlay.placeholders.length === 0) return;
  report.problem(
    `the overlay still has values of the example:\n${overlay.placeholders.join('\n')}`,
    `fill them in below ${options.overlayDir}; --registry is a short way to name the images`,
  );
}

/** Custom resources need their definitions in the cluster. */
export async function checkKinds(kubectl, report, overlay) {
  const custom = overlay.documents.filter(({ apiVersion }) => apiVersion.includes('monitoring.coreos.com'));
  if (custom.length === 0) return true;
  const known = await findOperatorKinds(kubectl);
  const unknown = custom.filter(({ resource }) => !known.includes(resource));
  if (unknown.length === 0) return true;
  report.problem(
    `the cluster does not know ${[...new Set(unknown.map(({ kind }) => kind))].join(', ')}`,
    'install the Prometheus operator, or omit the component prometheus',
  );
  return false;
}

/** @returns whether the user has all permissions that are needed, which the cluster is asked for */
export async function checkPermissions(kubectl, report, overlay) {
  const inNamespace = ['--namespace', overlay.namespace];
  const kinds = new Map(
    overlay.documents.map(({ resource, namespace }) => [resource, namespace ? inNamespace : []]),
  );
  const questions = [
    ...[...kinds].flatMap(([resource, where]) =>
      ['create', 'patch'].map((verb) => [verb, resource, ...where]),
    ),
    ...OTHER_PERMISSIONS.map((question) => [...question, ...inNamespace]),
  ];
  const answers = await inTurns(questions, AT_A_TIME, async (question) => {
    const { stdout, text } = await kubectl.run(['auth', 'can-i', ...question]);
    return { question, allowed: stdout.trim() === 'yes', text: stdout.trim() || text };
  });
  const refused = answers.filter(({ allowed }) => !allowed);
  if (refused.length === 0) {
    report.ok('you have all permissions that are needed');
    return true;
  }
  report.problem(
    `you lack permissions:\n${refused.map(({ question, text }) => `${question.join(' ')} (${text})`).join('\n')}`,
    'ask an administrator of the cluster, or choose another context with --context',
  );
  return false;
}

/** Runs `work` for each entry, some at a time; the results stand in the order of the entries. */
async function inTurns(entries, atATime, work) {
  const results = [];
  const rest = entries.entries();
  const runner = async () => {
    for (const [index, entry] of rest) results[index] = await work(entry);
  };
  await Promise.all(Array.from({ length: atATime }, runner));
  return results;
}

/** @returns the plan for the Secret: `keep` it, or `generate` it */
export async function checkSecret(kubectl, report, overlay, installed) {
  const secret =
    installed.namespace && (await kubectl.get('secret', SECRET, '--namespace', overlay.namespace));
  if (secret) return checkKeys(secret, report);
  if (!overlay.bringsSecret)
    return report.problem(
      `there is no Secret "${SECRET}" in the namespace ${overlay.namespace}`,
      `create it with the logins of your queue and database:\n${secretCommand(kubectl, overlay, installed)}`,
    );
  if (installed.volumes.includes('data-podips-database-0'))
    return report.problem(
      'the database has a volume of an earlier installation, but the Secret "podips" with its password is missing',
      `create the Secret with the old password:\n${secretCommand(kubectl, overlay, installed)}\nor, without its data: kubectl --context ${kubectl.context} --namespace ${overlay.namespace} delete persistentvolumeclaim data-podips-database-0`,
    );
  report.ok('the Secret "podips" will get generated passwords');
  return 'generate';
}

function checkKeys({ data = {} }, report) {
  const missing = REQUIRED_KEYS.filter((key) => !data[key]);
  if (missing.length > 0)
    return report.problem(
      `the Secret "${SECRET}" lacks ${missing.join(', ')}`,
      'add them with kubectl edit secret, or delete the Secret and create it again (deploy/k8s/secret.example.yaml)',
    );
  report.ok(`the Secret "${SECRET}" exists, and is kept`);
  if (!data[TOKEN_KEY])
    report.note(`it has no ${TOKEN_KEY}: any client that reaches the monitor may send heartbeats`);
  const values = [...REQUIRED_KEYS, TOKEN_KEY].map((key) =>
    Buffer.from(data[key] ?? '', 'base64').toString(),
  );
  if (values.some((value) => value.startsWith(KNOWN_PASSWORD)))
    report.note('it has the passwords of the trial, which are public');
  return 'keep';
}

function secretCommand({ context }, { namespace }, installed) {
  const command = `kubectl --context ${context}`;
  return [
    ...(installed.namespace
      ? []
      : [`${command} apply --server-side --filename deploy/k8s/services/namespace.yaml`]),
    `${command} --namespace ${namespace} create secret generic ${SECRET} \\`,
    '  --from-literal=QUEUE_USERNAME=... --from-literal=QUEUE_PASSWORD=... \\',
    '  --from-literal=DB_USER=... --from-literal=DB_PASSWORD=... \\',
    '  --from-literal=HEARTBEAT_TOKEN="$(openssl rand -hex 24)"',
  ].join('\n');
}

/** Two installations in one cluster need different names for cluster-scoped objects. */
export async function checkForeign(kubectl, report, overlay) {
  for (const { name, namespace } of await findForeign(kubectl, overlay))
    report.problem(
      `the ClusterRoleBinding ${name} belongs to the podips in the namespace ${namespace}`,
      'give ClusterRole and ClusterRoleBinding other names, as in docs/migrate.md, "Side by side"',
    );
}

/** The network policies of podips close its namespace, also for other pods in it. */
export async function checkOthers(kubectl, report, overlay, installed) {
  if (!installed.namespace) return;
  const { items = [] } = (await kubectl.get('pods', '--namespace', overlay.namespace)) ?? {};
  const others = items.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] !== 'podips');
  if (others.length === 0) return;
  report.problem(
    `the network policies of podips would cut off other pods in the namespace ${overlay.namespace}: ${others.map(({ metadata }) => metadata.name).join(', ')}`,
    'give podips a namespace of its own, with "namespace" in an overlay of your own (docs/migrate.md, "Side by side")',
  );
}

/** An upgrade without the registry of the installation would pull the images from elsewhere. */
export function checkRegistry(report, overlay, installed, { upgrade, registry }) {
  const [before, now] = [installed.registries, registriesOf(overlay.images)].map((all) =>
    all.sort().join(', '),
  );
  if (!upgrade || before === '' || before === now) return;
  if (registry !== undefined) return report.note(`the images came from ${before}, and will come from ${now}`);
  report.problem(
    `the images came from ${before}, and would come from ${now}`,
    `add --registry ${installed.registries[0]}, or --registry with the new registry`,
  );
}

/** Images without a registry are pulled from Docker Hub, unless they are on the nodes. */
export function checkImages(report, overlay) {
  const own = overlay.images.filter((image) => image.startsWith('podips/'));
  if (own.length === 0) return;
  report.note(
    `these images name no registry: ${own.join(', ')}\nThey must be on the nodes (kind load docker-image, minikube image load); otherwise use --registry.`,
  );
}

/**
 * Lets the API server validate everything, without storing it. As long as the overlay's namespace does not exist,
 * "default" is used.
 */
export async function checkByServer(kubectl, report, overlay, { installed, forceConflicts }) {
  const target = installed.namespace ? overlay.namespace : 'default';
  const args = applyArgs({ forceConflicts, dryRun: true });
  const { ok, text } = await kubectl.run(args, { input: overlay.text(target) });
  if (ok) return report.ok(`the server accepts all ${overlay.documents.length} objects (strict dry run)`);
  if (!/conflict/i.test(text))
    return report.problem(
      `the server does not accept everything:\n${text}`,
      'change the overlay, or ask an administrator of the cluster',
    );
  const conflicts = await findConflicts(kubectl, overlay, target);
  report.problem(
    `another client has set fields in the cluster that the overlay sets as well:\n${conflicts.join('\n') || text}`,
    'put these fields into the overlay as they are in the cluster, or overwrite them with --force-conflicts',
  );
}

/** kubectl does not say which object a conflict is about. @returns a line for each that has one */
async function findConflicts(kubectl, overlay, target) {
  const args = applyArgs({ dryRun: true });
  const found = await inTurns(overlay.documents, AT_A_TIME, async (document) => {
    const { ok, text } = await kubectl.run(args, { input: overlay.text(target, [document]) });
    if (ok) return [];
    const fields = [...text.matchAll(/conflicts? with "([^"]*)"[^:]*:\s*((?:[-\s]*\.\S+)+)/g)].map(
      ([, client, names]) => `${names.replaceAll(/[-\s]+(?=\.)/g, ' ').trim()} (set by ${client})`,
    );
    return [`${document.kind} ${document.name}: ${fields.join(', ') || text}`];
  });
  return found.flat();
}

/** The arguments of kubectl to apply everything, or to check it before. */
export function applyArgs({ forceConflicts, dryRun = false }) {
  return [
    'apply',
    '--server-side',
    '--validate=strict',
    ...(dryRun ? ['--dry-run=server'] : []),
    ...(forceConflicts ? ['--force-conflicts'] : []),
    '--filename',
    '-',
  ];
}
