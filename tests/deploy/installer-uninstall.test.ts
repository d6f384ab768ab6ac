import { describe, expect, it } from 'vitest';
import { CONTEXT, installedRules, list, type Rule, runInstaller } from './support/installer.js';
import { buildManifests } from './support/kustomize.js';

const UNINSTALL = ['--yes', '--context', CONTEXT, '--uninstall'];
const VOLUMES = ['data-podips-database-0', 'data-podips-queue-0', 'podips-monitor'];
const THERE: readonly Rule[] = [
  { match: '^get deployments.apps,', stdout: 'deployment.apps/podips-reader\nservice/podips-monitor\n' },
  {
    match: '^get clusterroles\\S* podips-reader',
    stdout: 'clusterrole.rbac.authorization.k8s.io/podips-reader\n',
  },
  {
    match: '^get clusterrolebindings\\S* .* name$',
    stdout: 'clusterrolebinding.rbac.authorization.k8s.io/podips-reader\n',
  },
  ...installedRules('podips/reader:2.0.0', ...VOLUMES),
];
const GONE: readonly Rule[] = [{ match: '^get (deployments.apps,|clusterrole)' }];
const CLUSTER_WIDE =
  'delete clusterrole.rbac.authorization.k8s.io/podips-reader clusterrolebinding.rbac.authorization.k8s.io/podips-reader --ignore-not-found --wait';

describe('an uninstallation', () => {
  it('removes what podips is, and keeps volumes, passwords and the namespace', async () => {
    const { code, output, changes } = await runInstaller(UNINSTALL, { rules: THERE });
    expect(code).toBe(0);
    expect(changes).toEqual([
      expect.stringMatching(
        /^delete deployments\S+ --namespace podips --selector app.kubernetes.io\/name=podips --ignore-not-found --wait$/,
      ),
      CLUSTER_WIDE,
    ]);
    expect(changes.join()).not.toMatch(/secret|persistentvolumeclaim|namespace podips$/);
    expect(output).toContain('  - deployment.apps/podips-reader');
    expect(output).toContain(`It will keep the volumes (${VOLUMES.join(', ')}), the Secret "podips"`);
    expect(output).toContain('Messages that are still on the queue stay in its volume.');
  });

  it('knows every kind that podips can have', async () => {
    const { changes } = await runInstaller(UNINSTALL, {
      rules: [
        {
          match: '^api-resources',
          // The API of the cluster's metrics is unavailable.
          code: 1,
          stderr: 'unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1',
          stdout: 'podmonitors.monitoring.coreos.com\nprometheusrules.monitoring.coreos.com\n',
        },
        ...THERE,
      ],
    });
    const kinds =
      changes[0]
        ?.split(' ')[1]
        ?.split(',')
        .map((kind) => kind.split('.')[0] ?? '') ?? [];
    const components = ['alerts', 'database-client', 'grafana', 'ingress', 'prometheus'];
    const all = ['trial', 'production'].flatMap((overlay) =>
      buildManifests(`overlays/${overlay}`, components),
    );
    for (const { kind, metadata } of all) {
      if (metadata.namespace === undefined) continue;
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({
        'app.kubernetes.io/name': 'podips',
      });
      if (kind === 'Secret' || kind === 'PersistentVolumeClaim') continue;
      const plural = new RegExp(`^${kind.toLowerCase().replace(/y$/, '(y|ie)')}(e?s)$`);
      expect(
        kinds.some((one) => plural.test(one)),
        kind,
      ).toBe(true);
    }
  });

  it('leaves alone what another podips uses', async () => {
    const binding = { metadata: { name: 'podips-reader' }, subjects: [{ namespace: 'elsewhere' }] };
    const foreign = { match: '^get clusterrolebindings .*json', stdout: JSON.stringify(binding) };
    const { code, changes } = await runInstaller(UNINSTALL, { rules: [foreign, ...THERE] });
    expect(code).toBe(0);
    expect(changes.join()).not.toContain('clusterrole');
  });

  it('asks first', async () => {
    const refused = await runInstaller(['--uninstall'], { rules: THERE, answer: 'no' });
    expect(refused.output).toContain(`Remove this from the cluster of context ${CONTEXT}?`);
    expect(refused.changes).toEqual([]);
    const agreed = await runInstaller(['--uninstall'], { rules: THERE, answer: 'yes' });
    expect(agreed.changes).toContain(CLUSTER_WIDE);
  });

  it('changes nothing in a dry run', async () => {
    const { code, output, changes } = await runInstaller(['--uninstall', '--dry-run'], { rules: THERE });
    expect(code).toBe(0);
    expect(changes).toEqual([]);
    expect(output).toContain('  - service/podips-monitor');
  });

  it('of nothing says so', async () => {
    const { code, output, changes } = await runInstaller(UNINSTALL, { rules: GONE });
    expect(code).toBe(1);
    expect(output).toContain(`there is no podips in the namespace podips of context ${CONTEXT}`);
    expect(changes).toEqual([]);
  });

  it('says why when it fails', async () => {
    const stuck = { match: '^delete', code: 1, stderr: 'timed out waiting for the condition' };
    const { code, output } = await runInstaller(UNINSTALL, { rules: [stuck, ...THERE] });
    expect(code).toBe(1);
    expect(output).toContain('timed out waiting for the condition');
    expect(output).not.toContain('podips was removed');
  });
});

describe('a purge', () => {
  it('removes volumes, passwords and the namespace', async () => {
    const { code, output, changes } = await runInstaller([...UNINSTALL, '--purge'], { rules: THERE });
    expect(code).toBe(0);
    expect(changes.at(-1)).toBe('delete namespace podips --ignore-not-found --wait');
    expect(output).toContain(`the claims of the volumes: ${VOLUMES.join(', ')}`);
    expect(output).toContain('Messages that are still on the queue are not delivered any more.');
    expect(output).not.toContain('stay in its volume');
    expect(output).toMatch(/podips was removed. The data in the volumes is deleted with them.\n$/);
  });

  it.each<[string, Rule, string]>([
    [
      'keeps',
      {
        match: '^get persistentvolumes --output',
        stdout: list(
          {
            metadata: { name: 'pv-podips-monitor' },
            spec: { persistentVolumeReclaimPolicy: 'Retain' },
          },
          { metadata: { name: 'pv-of-others' }, spec: { persistentVolumeReclaimPolicy: 'Retain' } },
        ),
      },
      'is Retain, so their data stays until you delete them: pv-podips-monitor\n',
    ],
    [
      'may keep',
      { match: '^get persistentvolumes --output', code: 1, stderr: 'Forbidden' },
      'You may not see the reclaim policy of the volumes',
    ],
  ])('says when the storage %s the data', async (_what, rule, sentence) => {
    const { output } = await runInstaller([...UNINSTALL, '--purge'], { rules: [rule, ...THERE] });
    expect(output).toContain(sentence);
    expect(output).not.toContain('is deleted with them');
  });

  it('is refused while others live in the namespace', async () => {
    const others = list({ kind: 'PersistentVolumeClaim', metadata: { name: 'data-of-others' } });
    const rules = [{ match: '^get pods,persistentvolumeclaims .*name!=podips', stdout: others }, ...THERE];
    const { code, output, changes } = await runInstaller([...UNINSTALL, '--purge'], { rules });
    expect(code).toBe(1);
    expect(changes).toEqual([]);
    expect(output).toContain('but it also contains: PersistentVolumeClaim data-of-others');
  });

  it('has to be confirmed with the name of the namespace', async () => {
    const args = ['--uninstall', '--purge'];
    const refused = await runInstaller(args, { rules: THERE, answer: 'yes' });
    expect(refused.output).toContain('Type "podips" to continue:');
    expect(refused.changes).toEqual([]);
    const agreed = await runInstaller(args, { rules: THERE, answer: 'podips' });
    expect(agreed.changes.at(-1)).toBe('delete namespace podips --ignore-not-found --wait');
  });

  it('works after an uninstallation, too', async () => {
    const rules = [...GONE, ...installedRules('', ...VOLUMES)];
    const { code, changes } = await runInstaller([...UNINSTALL, '--purge'], { rules });
    expect(code).toBe(0);
    expect(changes).toEqual(['delete namespace podips --ignore-not-found --wait']);
  });
});
