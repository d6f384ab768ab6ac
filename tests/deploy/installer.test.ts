import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MANIFESTS, parseManifests } from './support/documents.js';
import { CONTEXT, installedRules, type Rule, runInstaller, secret, toText } from './support/installer.js';
import { buildManifests } from './support/kustomize.js';

const UNATTENDED = ['--yes', '--context', CONTEXT];
const APPLY = 'apply --server-side --validate=strict --filename -';
const DRY_RUN = 'apply --server-side --validate=strict --dry-run=server --filename -';

describe('an installation', () => {
  it('is validated by the server as a whole, then applied in order, then verified', async () => {
    const { code, output, calls, changes } = await runInstaller(UNATTENDED);
    expect(output).toContain('podips works. The dashboard:');
    expect(code).toBe(0);
    const [canary = ''] = changes.filter((command) => command.startsWith('delete job'));
    const job = canary.split(' ')[2];
    expect(job).toMatch(/^podips-canary-/);
    expect(changes).toEqual([
      APPLY,
      'create --filename -',
      APPLY,
      'create --namespace podips --filename -',
      `delete job ${job} --namespace podips`,
    ]);
    const commands = calls.map(({ command }) => command);
    expect(commands.indexOf(DRY_RUN)).toBeGreaterThan(-1);
    expect(commands.indexOf(DRY_RUN)).toBeLessThan(commands.indexOf(APPLY));
    // Kubernetes warns of a job of the cron job that its controller has not made.
    const made = calls.find(({ command }) => command === 'create --namespace podips --filename -');
    expect(JSON.parse(made?.input ?? '')).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: job },
    });
    expect(output).toContain(`Fluentd has it: audit.pod_ip: {"pod":"${job}-x7k2p"}`);
    expect(output).toContain(
      `kubectl --context ${CONTEXT} --namespace podips port-forward service/podips-monitor 8080:80`,
    );
  });

  it('waits for everything, what others need first', async () => {
    const { calls } = await runInstaller(UNATTENDED);
    const waits = calls.filter(({ command }) => command.startsWith('rollout status'));
    expect(waits.map(({ args }) => args[2])).toEqual([
      'statefulset/podips-database',
      'statefulset/podips-queue',
      'deployment/podips-fluentd',
      'deployment/podips-monitor',
      'deployment/podips-reader',
      'deployment/podips-writer',
    ]);
    for (const { command } of waits) expect(command).toMatch(/--namespace podips --timeout \d+s$/);
  });

  it('names the cluster in every command that goes to it', async () => {
    const { calls } = await runInstaller(['--yes', '--context', 'other']);
    const local = /^(version --client|config get-contexts|config current-context)/;
    for (const { command, context } of calls) if (!local.test(command)) expect(context).toBe('other');
  });

  it('creates the namespace, then generates passwords, and never prints them', async () => {
    const { calls, output } = await runInstaller(UNATTENDED);
    const inputs = calls.filter(({ command }) => command === APPLY).map(({ input }) => parseManifests(input));
    expect(inputs[0]?.map(({ kind }) => kind)).toEqual(['Namespace']);
    const made = calls.find(({ command }) => command === 'create --filename -');
    const { stringData, metadata } = JSON.parse(made?.input ?? '');
    expect(metadata).toMatchObject({ name: 'podips', namespace: 'podips' });
    const passwords = [stringData.QUEUE_PASSWORD, stringData.DB_PASSWORD, stringData.HEARTBEAT_TOKEN];
    expect(new Set(passwords).size).toBe(3);
    for (const password of passwords) {
      expect(password).toMatch(/^[0-9a-f]{48}$/);
      expect(output).not.toContain(password);
      for (const { command } of calls) expect(command).not.toContain(password);
    }
  });

  it('applies all of the overlay except its public passwords', async () => {
    const { calls } = await runInstaller(UNATTENDED);
    const applied = calls.findLast(({ command }) => command === APPLY)?.input ?? '';
    expect(applied).not.toContain('trial-only');
    const kinds = parseManifests(applied).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['Namespace', 'Deployment', 'StatefulSet', 'CronJob']));
    expect(kinds).not.toContain('Secret');
  });

  it('lets the namespace "default" stand in for its own in the dry run, as long as there is none', async () => {
    const namespaces = async (rules = installedRules()) => {
      const { calls } = await runInstaller(['--dry-run', '--upgrade', '--overlay', 'trial'], { rules });
      const input = calls.find(({ command }) => command === DRY_RUN)?.input ?? '';
      return new Set(parseManifests(input).flatMap(({ metadata }) => metadata.namespace ?? []));
    };
    expect(await namespaces()).toEqual(new Set(['podips']));
    const { calls } = await runInstaller(['--dry-run']);
    const input = calls.find(({ command }) => command === DRY_RUN)?.input ?? '';
    const found = parseManifests(input).map(({ metadata }) => metadata.namespace ?? 'none');
    expect(new Set(found)).toEqual(new Set(['none', 'default']));
  });

  it('takes images from the registry that is named', async () => {
    const { calls, output } = await runInstaller([
      ...UNATTENDED,
      '--registry',
      'registry.local:5000/team/podips',
    ]);
    const applied = calls.findLast(({ command }) => command === APPLY)?.input ?? '';
    const images = [...applied.matchAll(/image: (\S+)/g)].map(([, image]) => image);
    expect(images).toContain('registry.local:5000/team/podips/reader:2.0.0');
    expect(images).toContain('postgres:17');
    expect(images.filter((image) => image?.startsWith('podips/'))).toEqual([]);
    expect(output).not.toContain('name no registry');
  });

  it.each<[string, Rule, RegExp]>([
    ['the chain does', { match: '^logs job/', stdout: '{"status":"fail"}' }, /answered: fail\n.*: success/],
    [
      'its job does',
      { match: '^get job', stdout: JSON.stringify({ status: { failed: 1 } }) },
      /got no answer\n.*: success/,
    ],
  ])('asks the canary again until %s work', async (_what, notYet, expected) => {
    const { code, output, changes } = await runInstaller(UNATTENDED, { rules: [{ ...notYet, times: 1 }] });
    expect(code).toBe(0);
    expect(output).toMatch(expected);
    expect(changes.filter((command) => command.startsWith('create --namespace'))).toHaveLength(2);
    expect(changes.filter((command) => command.startsWith('delete job'))).toHaveLength(2);
  });
});

describe('without a yes', () => {
  it('a dry run checks everything and changes nothing', async () => {
    const { code, output, calls, changes } = await runInstaller(['--dry-run']);
    expect(code).toBe(0);
    expect(changes).toEqual([]);
    expect(calls.map(({ command }) => command)).toContain(DRY_RUN);
    expect(output).toContain('create the Secret "podips" with generated passwords');
    expect(output).toContain('Dry run: nothing was changed.');
  });

  it('changes nothing where there is no terminal to ask', async () => {
    const { code, output, changes } = await runInstaller(['--context', CONTEXT]);
    expect(code).toBe(1);
    expect(changes).toEqual([]);
    expect(output).toContain('Add --yes and --context NAME; nothing was changed');
  });

  it.each(['no', '', 'y', '\u0003', '\u0004'])('the answer %j changes nothing', async (answer) => {
    const { code, output, changes } = await runInstaller([], { answer });
    expect(output).toContain(`Change the cluster of context ${CONTEXT}? Type "yes" to continue:`);
    expect(output).toMatch(/✗ nothing was changed\s*$/);
    expect(code).toBe(1);
    expect(changes).toEqual([]);
  });

  it('a yes at the terminal installs', async () => {
    const { code, changes } = await runInstaller([], { answer: 'yes' });
    expect(code).toBe(0);
    expect(changes).toContain(APPLY);
  });
});

describe('an overlay of your own', () => {
  it('is named by its folder, and its dashboard by its ingress', async () => {
    const ingress = { spec: { tls: [{}], rules: [{ host: 'podips.intern' }] } };
    const folder = join(MANIFESTS, 'overlays/production');
    const rules = [
      { match: '^kustomize', stdout: filledIn() },
      { match: '^get ingress', stdout: JSON.stringify(ingress) },
      { match: '^get secret podips', stdout: secret() },
      ...installedRules().filter(({ match }) => match.includes('namespace')),
    ];
    const { code, output, changes } = await runInstaller([...UNATTENDED, '--overlay', folder], { rules });
    expect(output).toContain('https://podips.intern/');
    expect(code).toBe(0);
    expect(changes).not.toContain('create --filename -');
    expect(output).toMatch(
      /look for the record of the pod podips-canary-\w+-\.\.\. at the destination of your Fluentd/,
    );
  });
});

/** The production overlay with an ingress, filled in. */
function filledIn(): string {
  const manifests = buildManifests('overlays/production', ['ingress']);
  return toText(manifests).replaceAll('example.org', 'intern');
}
