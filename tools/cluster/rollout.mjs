import { StepError } from '../steps.mjs';

const MS_PER_SECOND = 1_000;
/** Time that kubectl may take beyond its own timeout. */
const GRACE_MS = 15_000;
const LOG_LINES = 5;
/** Reasons for which Kubernetes keeps retrying, although waiting does not help. */
const ADVICE = [
  [
    /ImagePull|ErrImage|InvalidImageName/,
    'The cluster cannot get the image. Load it onto the nodes, or push it to a registry and use --registry (docs/install.md, "Images").',
  ],
  [/CreateContainerConfigError/, 'A Secret or ConfigMap, or a key in one, is missing.'],
  [
    /Unschedulable/,
    'No node has room, or the volume cannot be provisioned: kubectl describe pod shows more.',
  ],
  [/CrashLoopBackOff|Error|OOMKilled/, 'The container exits. The last lines of its log say why.'],
];

/** @returns the data of each ConfigMap in the overlay's namespace, by name, as the cluster has it now */
export async function readConfiguration(kubectl, overlay) {
  const { items = [] } = (await kubectl.get('configmaps', '--namespace', overlay.namespace)) ?? {};
  return new Map(items.map(({ metadata, data }) => [metadata.name, JSON.stringify(data ?? {})]));
}

/**
 * Programs read environment variables only at their start. New settings change the annotation of the pods, which replaces
 * them, also when an upgrade was interrupted. This restarts workloads whose annotation is right, but whose ConfigMap had
 * been edited in the cluster.
 */
export async function restartChanged(kubectl, overlay, { before, installed }) {
  const after = await readConfiguration(kubectl, overlay);
  for (const { kind, name, settings } of workloads(overlay)) {
    const old = before.get(name);
    if (old === undefined || old === after.get(name) || installed.settings.get(name) !== settings) continue;
    const target = `${kind.toLowerCase()}/${name}`;
    await kubectl.must(['rollout', 'restart', target, '--namespace', overlay.namespace]);
    console.log(`  ${target} has new settings and is restarted`);
  }
}

/** Stateful sets first, because deployments depend on them. */
function workloads(overlay) {
  return [...overlay.ofKind('StatefulSet'), ...overlay.ofKind('Deployment')];
}

/**
 * @param deadline a time of Date.now()
 * @param repeat the options that continue from here
 * @throws {StepError} that says what is not ready, and why
 */
export async function waitUntilReady(kubectl, overlay, { deadline, repeat }) {
  console.log('\nWaiting until everything is ready');
  for (const { kind, name } of workloads(overlay)) {
    const target = `${kind.toLowerCase()}/${name}`;
    const leftMs = Math.max(MS_PER_SECOND, deadline - Date.now());
    const seconds = Math.ceil(leftMs / MS_PER_SECOND);
    const args = ['rollout', 'status', target, '--namespace', overlay.namespace, '--timeout', `${seconds}s`];
    const { ok, text } = await kubectl.run(args, { deadlineMs: leftMs + GRACE_MS });
    if (ok) console.log(`  ✓ ${target}`);
    else {
      const reasons = await explain(kubectl, overlay, { name, repeat });
      throw new StepError(`${target} is not ready: ${text}\n${reasons}`);
    }
  }
}

async function explain(kubectl, { namespace }, { name, repeat }) {
  const component = name.replace(/^podips-/, '');
  const select = ['--namespace', namespace, '--selector', `app.kubernetes.io/component=${component}`];
  const { items = [] } = (await kubectl.get('pods', ...select)) ?? {};
  const lines = await Promise.all(items.map((pod) => explainPod(kubectl, namespace, pod)));
  return [
    ...lines.flat().map((line) => `    ${line}`),
    `  Nothing has to be undone: repair the cause, then repeat with ${repeat}. See docs/operate.md.`,
  ].join('\n');
}

/** @returns lines that explain why a pod is not ready; none when it is */
export async function explainPod(kubectl, namespace, { metadata, status = {} }) {
  const states = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const conditions = (status.conditions ?? []).filter(
    ({ status: value, reason }) => value === 'False' && reason,
  );
  if (states.length > 0 && states.every(({ ready }) => ready)) return [];
  const reasons = [
    ...states.map(({ state }) => state?.waiting ?? state?.terminated).filter(Boolean),
    ...conditions.filter(({ type }) => type === 'PodScheduled'),
  ].map(({ reason, message = '' }) => `${reason} ${message}`.trim());
  const all = reasons.join('; ') || 'it runs, but is not ready';
  const advice = ADVICE.find(([pattern]) => pattern.test(all))?.[1];
  const started = states.some(({ state, restartCount }) => state?.running || restartCount > 0);
  const log = started ? await lastLines(kubectl, namespace, metadata.name) : [];
  return [`pod ${metadata.name}: ${all}`, ...(advice ? [advice] : []), ...log];
}

async function lastLines(kubectl, namespace, pod) {
  const args = ['logs', `pod/${pod}`, '--namespace', namespace, '--tail', String(LOG_LINES)];
  const { stdout } = await kubectl.run(args);
  return stdout.split('\n').filter(Boolean);
}
