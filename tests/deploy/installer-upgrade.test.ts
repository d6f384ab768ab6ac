import { describe, expect, it } from 'vitest';
import { ofKind, parseManifests } from './support/documents.js';
import { CONTEXT, installedRules, list, overlayText, runInstaller, secret } from './support/installer.js';

const UPGRADE = ['--yes', '--context', CONTEXT, '--upgrade', '--overlay', 'trial'];
const APPLY = 'apply --server-side --validate=strict --filename -';

describe('an upgrade', () => {
  it('keeps passwords and volumes', async () => {
    const rules = installedRules('podips/reader:1.9.0', 'data-podips-database-0', 'podips-monitor');
    const { code, output, changes } = await runInstaller(UPGRADE, { rules });
    expect(code).toBe(0);
    expect(output).toContain('upgrade to podips 2.0.0 (now 1.9.0), overlay trial');
    expect(output).toContain('keep the Secret "podips"');
    expect(output).toContain('keep the volumes data-podips-database-0, podips-monitor');
    expect(changes).not.toContain('create --filename -');
  });

  it('puts a hash of the settings into pods, so that only those with other settings are replaced', async () => {
    const before = await appliedSettings(overlayText('trial'));
    const after = await appliedSettings(overlayText('trial').replace('LOG_TAG: audit', 'LOG_TAG: other'));
    expect([...before.keys()]).toEqual(expect.arrayContaining(['podips-reader', 'podips-queue']));
    expect([...before.keys()].filter((name) => before.get(name) !== after.get(name))).toEqual([
      'podips-writer',
    ]);
  });

  it.each<[string, (wanted: string) => string, number]>([
    ['restarts what runs with settings that were edited in the cluster', (wanted) => wanted, 1],
    ['leaves to the change of its settings what is replaced by it', () => 'older', 0],
  ])('%s', async (_what, running, restarts) => {
    const wanted = (await appliedSettings(overlayText('trial'))).get('podips-writer') ?? '';
    const configMap = (value: string) => list({ metadata: { name: 'podips-writer' }, data: { value } });
    const annotations = { 'podips/settings': running(wanted) };
    const workload = {
      metadata: { name: 'podips-writer' },
      spec: { template: { metadata: { annotations } } },
    };
    const rules = [
      { match: '^get configmaps', stdout: configMap('by hand'), times: 1 },
      { match: '^get configmaps', stdout: configMap('of the overlay') },
      { match: '^get deployments,', stdout: list(workload) },
      ...installedRules(),
    ];
    const { changes } = await runInstaller(UPGRADE, { rules });
    const restart = 'rollout restart deployment/podips-writer --namespace podips';
    expect(changes.filter((command) => command.startsWith('rollout'))).toEqual(Array(restarts).fill(restart));
  });

  it('asks for the registry of the installation', async () => {
    const rules = installedRules('registry.local/podips/reader:1.9.0');
    const forgotten = await runInstaller(UPGRADE, { rules });
    expect(forgotten.code).toBe(1);
    expect(forgotten.changes).toEqual([]);
    expect(forgotten.output).toContain(
      'the images came from registry.local/podips, and would come from podips',
    );
    expect(forgotten.output).toContain('--registry registry.local/podips');
    const named = await runInstaller([...UPGRADE, '--registry', 'registry.local/podips'], { rules });
    expect(named.code).toBe(0);
    expect(named.output).not.toContain('the images came from');
    const other = await runInstaller([...UPGRADE, '--registry', 'new.local/podips'], { rules });
    expect(other.code).toBe(0);
    expect(other.output).toContain('came from registry.local/podips, and will come from new.local/podips');
  });

  it('needs no storage class for existing volumes', async () => {
    const none = { match: '^get storageclasses', stdout: list() };
    const volumes = ['data-podips-queue-0', 'data-podips-database-0', 'podips-monitor'];
    const all = await runInstaller(UPGRADE, { rules: [none, ...installedRules(undefined, ...volumes)] });
    expect(all.code).toBe(0);
    const some = await runInstaller(UPGRADE, {
      rules: [none, ...installedRules(undefined, 'podips-monitor')],
    });
    expect(some.output).toContain('these need volumes: podips-database, podips-queue');
  });

  it('overwrites foreign fields only with --force-conflicts', async () => {
    const text = (...fields: string[]) =>
      `error: Apply failed with 1 conflict: conflicts with "kubectl-edit" using apps/v1:\n- ${fields.join('\n- ')}\nPlease review the fields above`;
    const conflict = { match: 'dry-run=server', code: 1, stderr: text('.spec.replicas', '.spec.paused') };
    // All at once, and then one after the other.
    const rules = [
      { ...conflict, times: 1 },
      { ...conflict, input: 'kind: StatefulSet' },
      ...installedRules(),
    ];
    const refused = await runInstaller(UPGRADE, { rules });
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(
      'StatefulSet podips-queue: .spec.replicas .spec.paused (set by kubectl-edit)',
    );
    expect(refused.output).not.toContain('ConfigMap podips-queue');
    expect(refused.output).toContain('overwrite them with --force-conflicts');
    expect(refused.changes).toEqual([]);
    const forced = await runInstaller([...UPGRADE, '--force-conflicts'], { rules: installedRules() });
    expect(forced.changes[0]).toBe('apply --server-side --validate=strict --force-conflicts --filename -');
  });

  it('says when the passwords are those of the trial', async () => {
    const known = { match: '^get secret podips', stdout: secret({ DB_PASSWORD: 'trial-only' }) };
    const { code, output } = await runInstaller(UPGRADE, { rules: [known, ...installedRules()] });
    expect(code).toBe(0);
    expect(output).toContain('passwords of the trial, which are public');
  });
});

/** The hash of settings in the pods of each workload. */
async function appliedSettings(overlay: string): Promise<Map<string, string | undefined>> {
  const rules = [{ match: '^kustomize', stdout: overlay }, ...installedRules()];
  const { calls } = await runInstaller(UPGRADE, { rules });
  const applied = parseManifests(calls.findLast(({ command }) => command === APPLY)?.input ?? '');
  return new Map(
    [...ofKind(applied, 'Deployment'), ...ofKind(applied, 'StatefulSet')].flatMap(({ metadata, spec }) => {
      const settings = spec?.template.metadata?.annotations?.['podips/settings'];
      return settings === undefined ? [] : [[metadata.name, settings] as const];
    }),
  );
}
