import { setTimeout as pause } from 'node:timers/promises';
import { StepError } from '../steps.mjs';
import { explainPod } from './rollout.mjs';

const ASK_EVERY_MS = 1_000;
/** Longer than the job's own deadline. */
const JOB_DEADLINE_MS = 150_000;
/** Minimum time for the canary, even if the rollout used up the deadline. */
const LEAST_MS = 120_000;
const OWN_FLUENTD = 'podips-fluentd';

/**
 * Sends a message through the whole chain: a pod of the cron job starts, gets an address, queries the monitor and ends. In
 * the output of a Fluentd of our own, the record of that pod is looked for.
 * @param deadline a time of Date.now() @throws {StepError} when the chain does not work in time
 */
export async function pokeCanary(kubectl, overlay, deadline, leastMs = LEAST_MS) {
  console.log('\nSending a message through the whole chain');
  const end = Math.max(deadline, Date.now() + leastMs);
  for (;;) {
    const { job, answer, failure } = await poke(kubectl, overlay);
    console.log(failure ? '  the cron job got no answer' : `  the monitor answered: ${answer}`);
    if (answer === 'success') return await followRecord(kubectl, overlay, { job, end });
    if (Date.now() >= end)
      throw new StepError(
        failure ??
          `everything runs, but the monitor answers: ${answer}. The first light of its page that is not green is where to look:\n    kubectl --context ${kubectl.context} --namespace ${overlay.namespace} port-forward service/podips-monitor 8080:80`,
      );
    await pause(ASK_EVERY_MS);
  }
}

/** @returns the job's name, and the monitor's answer or the reason why there is none */
async function poke(kubectl, { namespace }) {
  const job = `podips-canary-${Date.now().toString(36)}`;
  const where = ['--namespace', namespace];
  await createJob(kubectl, job, where);
  try {
    const failure = await waitForJob(kubectl, namespace, job);
    if (failure !== undefined) return { job, failure };
    const { ok, stdout, text } = await kubectl.run(['logs', `job/${job}`, ...where]);
    if (!ok) throw new StepError(unreadableLog(kubectl, `of the job ${job}`, text));
    return { job, answer: /"status":"([^"]*)"/.exec(stdout)?.[1] ?? 'nothing' };
  } finally {
    await kubectl.run(['delete', 'job', job, ...where]);
  }
}

/** Without an owner: of a job that it has not made, the controller of cron jobs warns with the event UnexpectedJob. */
async function createJob(kubectl, job, where) {
  const print = ['--dry-run=client', '--output', 'json'];
  const text = await kubectl.must([
    'create',
    'job',
    job,
    '--from',
    'cronjob/podips-cronjob',
    ...where,
    ...print,
  ]);
  const manifest = JSON.parse(text);
  delete manifest.metadata.ownerReferences;
  await kubectl.must(['create', ...where, '--filename', '-'], { input: JSON.stringify(manifest) });
}

function unreadableLog({ context }, which, text) {
  return `everything runs, but the log ${which} cannot be read, and so not whether a message arrives: ${text}
    The API server fetches logs from the kubelet of the node, on port 10250. See whether it reaches it for any pod:
    kubectl --context ${context} logs --namespace kube-system --tail 1 --selector k8s-app=kube-dns
    podips itself needs no logs. The dashboard says whether it works: docs/install.md, "Does it work?"`;
}

/** @returns undefined when the job succeeded, otherwise the reason why it did not */
async function waitForJob(kubectl, namespace, job) {
  const end = Date.now() + JOB_DEADLINE_MS;
  for (;;) {
    const { status = {} } = (await kubectl.get('job', job, '--namespace', namespace)) ?? {};
    if (status.succeeded) return;
    if (status.failed || Date.now() >= end) break;
    await pause(ASK_EVERY_MS);
  }
  const select = ['--namespace', namespace, '--selector', `job-name=${job}`];
  const { items = [] } = (await kubectl.get('pods', ...select)) ?? {};
  const reasons = (await Promise.all(items.map((pod) => explainPod(kubectl, namespace, pod)))).flat();
  return `the cron job got no answer from the monitor\n    ${reasons.join('\n    ')}`;
}

/** A trial may include its Fluentd, and yet send to another one. */
function sendsToOwnFluentd({ ofKind }) {
  const writer = ofKind('ConfigMap').find(({ name }) => name === 'podips-writer');
  const isThere = ofKind('Deployment').some(({ name }) => name === OWN_FLUENTD);
  return isThere && /^ {2}LOG_SERVER: (\S+)$/m.exec(writer?.text ?? '')?.[1] === OWN_FLUENTD;
}

async function followRecord(kubectl, overlay, { job, end }) {
  if (!sendsToOwnFluentd(overlay))
    return console.log(`  look for the record of the pod ${job}-... at the destination of your Fluentd`);
  const args = ['logs', 'deployment/podips-fluentd', '--namespace', overlay.namespace, '--since', '15m'];
  for (;;) {
    const { ok, stdout, text } = await kubectl.run(args);
    if (!ok) throw new StepError(unreadableLog(kubectl, 'of deployment/podips-fluentd', text));
    const record = stdout.split('\n').find((line) => line.includes(job));
    if (record) return console.log(`  ✓ Fluentd has it: ${record}`);
    if (Date.now() >= end)
      throw new StepError(`the monitor answers success, but Fluentd has no record of the pod ${job}-...`);
    await pause(ASK_EVERY_MS);
  }
}
