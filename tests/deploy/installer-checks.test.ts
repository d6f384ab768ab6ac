import { describe, expect, it } from 'vitest';
import {
  CONTEXT,
  installedRules,
  list,
  node,
  overlayText,
  type Rule,
  runInstaller,
  secret,
  version,
} from './support/installer.js';

const UNATTENDED = ['--yes', '--context', CONTEXT];
const FOREIGN = { metadata: { name: 'podips-reader' }, subjects: [{ namespace: 'elsewhere' }] };
const PRODUCTION = [...UNATTENDED, '--overlay', 'production'];

/** Problems: the name, how the cluster shows it, what the installer says and what it says to do. */
const PROBLEMS: [string, Rule[], string[], string][] = [
  [
    'an old kubectl',
    [{ match: '^version --client', stdout: JSON.stringify({ clientVersion: version(26) }) }],
    ['kubectl is v1.26.2, too old'],
    'install 1.27 or newer',
  ],
  [
    'a kubectl that knows no JSON',
    [{ match: '^version --client', code: 1, stderr: 'unknown flag: --output' }],
    ['the version of kubectl is unknown: unknown flag: --output'],
    'install 1.27 or newer',
  ],
  ['no cluster', [{ match: '^config get-contexts' }], ['kubectl knows no cluster'], 'set KUBECONFIG'],
  [
    'an unknown context',
    [{ match: '^config get-contexts', stdout: 'a\nb\n' }],
    [`there is no context ${CONTEXT}`],
    'choose one with --context: a, b',
  ],
  [
    'a silent cluster',
    [{ match: '^version --output', code: 1, stderr: 'connection refused' }],
    ['the cluster does not answer: connection refused'],
    'is it running',
  ],
  [
    'a login that is refused',
    [
      {
        match: '^version --output',
        code: 1,
        stderr: 'error: You must be logged in to the server (Unauthorized)',
      },
    ],
    ['the cluster refuses your login: error: You must be logged in'],
    'auth whoami',
  ],
  [
    'a user who may only view',
    [
      { match: 'can-i', code: 1, stdout: 'no\n' },
      {
        match: '^get secret',
        code: 1,
        stderr: 'Error from server (Forbidden): secrets "podips" is forbidden',
      },
    ],
    ['you lack permissions:', 'get secrets --namespace podips (no)'],
    'ask an administrator of the cluster',
  ],
  [
    'an old cluster',
    [{ match: '^version --output', stdout: JSON.stringify({ serverVersion: version(24) }) }],
    ['the cluster is v1.24.2, too old'],
    'podips needs 1.27 or newer',
  ],
  [
    'missing permissions',
    [{ match: 'can-i (create (clusterroles|jobs)|update leases)', code: 1, stdout: 'no\n' }],
    [
      'create clusterroles.rbac.authorization.k8s.io (no)',
      'create jobs.batch --namespace podips (no)',
      'update leases.coordination.k8s.io --namespace podips (no)',
    ],
    'ask an administrator of the cluster',
  ],
  [
    'no storage class',
    [{ match: '^get storageclasses', stdout: list() }],
    ['no default storage class, but these need volumes: podips-monitor, podips-database, podips-queue'],
    'install a volume provisioner',
  ],
  [
    'no default storage class',
    [{ match: '^get storageclasses', stdout: list({ metadata: { name: 'slow' } }) }],
    ['there is no default storage class'],
    `kubectl --context ${CONTEXT} patch storageclass slow`,
  ],
  [
    'nodes that cannot run it',
    [
      {
        match: '^get nodes',
        stdout: list(
          node('s390x'),
          node('amd64', 'windows'),
          node('amd64', 'linux', { unschedulable: true }),
        ),
      },
    ],
    ['no node can run podips: linux/s390x, windows/amd64, linux/amd64'],
    'add a schedulable Linux node',
  ],
  [
    'a namespace that is being deleted',
    [{ match: '^get namespace', stdout: JSON.stringify({ status: { phase: 'Terminating' } }) }],
    ['the namespace podips is being deleted'],
    'wait until it is gone',
  ],
  [
    'other pods in the namespace',
    [
      { match: '^get pods', stdout: list({ metadata: { name: 'web-1' } }) },
      ...installedRules().filter(({ match }) => match.includes('namespace')),
    ],
    ['would cut off other pods in the namespace podips: web-1'],
    'give podips a namespace of its own',
  ],
  [
    'another podips',
    [{ match: '^get clusterrolebindings', stdout: JSON.stringify(FOREIGN) }],
    ['the ClusterRoleBinding podips-reader belongs to the podips in the namespace elsewhere'],
    'give ClusterRole and ClusterRoleBinding other names',
  ],
  [
    'an existing installation',
    installedRules('podips/reader:1.9.0'),
    ['podips 1.9.0, or a part of it, is already installed'],
    '--upgrade --overlay trial',
  ],
  [
    "a database's volume without its password",
    [
      ...installedRules('', 'data-podips-database-0').filter(({ match }) =>
        /namespace|persistent/.test(match),
      ),
    ],
    ['the Secret "podips" with its password is missing'],
    'create the Secret with the old password',
  ],
  [
    'a Secret without a key',
    [{ match: '^get secret', stdout: secret({ DB_PASSWORD: '' }) }, ...installedRules()],
    ['the Secret "podips" lacks DB_PASSWORD'],
    'kubectl edit secret',
  ],
  [
    'objects that the server does not accept',
    [{ match: 'dry-run=server', code: 1, stderr: 'strict decoding error: unknown field "spec.replica"' }],
    ['the server does not accept everything:', 'unknown field "spec.replica"'],
    'change the overlay',
  ],
];

describe('what is missing is named, with what to do, and nothing is changed:', () => {
  it.each(PROBLEMS)('%s', async (_what, rules, problems, todo) => {
    const { code, output, changes } = await runInstaller(UNATTENDED, { rules });
    expect(code).toBe(1);
    for (const problem of problems) expect(output).toContain(problem);
    expect(output).toContain(todo);
    expect(output).toMatch(/problems?; nothing was changed/);
    expect(changes).toEqual([]);
  });

  it('no kubectl', async () => {
    const { code, output } = await runInstaller(UNATTENDED, { kubectl: false });
    expect(code).toBe(1);
    expect(output).toContain('kubectl is not installed');
    expect(output).toContain('https://kubernetes.io/docs/tasks/tools/');
  });

  it('an overlay that cannot be built', async () => {
    const rules = [{ match: '^kustomize', code: 1, stderr: 'no such file' }];
    const { code, output, changes } = await runInstaller(UNATTENDED, { rules });
    expect(code).toBe(1);
    expect(output).toContain('no such file');
    expect(changes).toEqual([]);
  });

  it('several things at once, in one go', async () => {
    const rules = PROBLEMS.filter(([what]) => /nodes|storage class$|permissions/.test(what)).flatMap(
      ([, some]) => some,
    );
    const { output } = await runInstaller(UNATTENDED, { rules });
    expect(output).toContain('3 problems; nothing was changed');
  });

  it('nothing to upgrade', async () => {
    const { code, output, changes } = await runInstaller([...UNATTENDED, '--upgrade', '--overlay', 'trial']);
    expect(code).toBe(1);
    expect(output).toContain('there is no installation of podips to upgrade');
    expect(changes).toEqual([]);
  });
});

describe('for production', () => {
  it('values of the example and a missing Secret are named', async () => {
    const { code, output, changes } = await runInstaller(PRODUCTION);
    expect(code).toBe(1);
    expect(changes).toEqual([]);
    for (const value of [
      'DB_HOST: database.example.org',
      'LOG_SERVER: fluentd.example.org',
      'registry.example.org/podips/reader',
    ])
      expect(output).toContain(value);
    expect(output).toContain('there is no Secret "podips" in the namespace podips');
    expect(output).toContain(`kubectl --context ${CONTEXT} --namespace podips create secret generic podips`);
  });

  it('resources of the Prometheus operator need the operator', async () => {
    const rule = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' };
    const text = `${overlayText('trial')}---\napiVersion: ${rule.apiVersion}\nkind: ${rule.kind}\nmetadata:\n  name: podips\n  namespace: podips\n`;
    const rules = [{ match: '^kustomize', stdout: text }];
    const without = await runInstaller(UNATTENDED, { rules });
    expect(without.output).toContain('the cluster does not know PrometheusRule');
    expect(without.changes).toEqual([]);
    // Also while another API of the cluster is unavailable.
    for (const code of [0, 1]) {
      const operator = { match: '^api-resources', stdout: 'prometheusrules.monitoring.coreos.com\n', code };
      expect((await runInstaller(UNATTENDED, { rules: [operator, ...rules] })).code).toBe(0);
    }
  });
});

describe('a note does not stop the installation:', () => {
  it.each<[string, Rule, string]>([
    [
      'an existing queue',
      {
        match: '^get services',
        stdout: list({
          metadata: { name: 'activemq', namespace: 'messaging' },
          spec: { ports: [{ port: 61613 }] },
        }),
      },
      'there already is a queue: activemq.messaging',
    ],
    [
      'nodes of several kinds',
      { match: '^get nodes', stdout: list(node('amd64'), node('arm64')) },
      'the images must exist for each of: linux/amd64, linux/arm64',
    ],
    [
      'nodes without the permission to list them',
      { match: '^get nodes', code: 1, stderr: 'forbidden' },
      'could not list the nodes: forbidden',
    ],
    ['images without a registry', { match: '^none$' }, 'these images name no registry: podips/'],
  ])('%s', async (_what, rule, note) => {
    const { code, output } = await runInstaller(UNATTENDED, { rules: [rule] });
    expect(output).toContain(note);
    expect(code).toBe(0);
  });
});
