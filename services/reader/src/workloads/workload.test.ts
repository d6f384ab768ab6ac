import { describe, expect, it } from 'vitest';
import { projectWorkload } from './workload.js';

const CREATED = '2026-11-26T14:05:03Z';
const MINUTE = String(Date.parse('2026-11-26T14:05:00Z') / 60_000);

interface Meta {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly owner?: readonly [kind: string, name: string];
}

function workloadOf({ name = 'web-6d5f-x2x4z', labels = {}, owner }: Meta) {
  const ownerReferences = owner && [{ kind: owner[0], name: owner[1], controller: true }];
  const metadata = { name, labels, ownerReferences, creationTimestamp: CREATED };
  return projectWorkload({ metadata, spec: { serviceAccountName: 'shop' } });
}

describe('the workload of a pod', () => {
  it.each<[string, Meta, [kind: string, name: string, revision: string]]>([
    [
      'of a Deployment is not its ReplicaSet',
      { owner: ['ReplicaSet', 'shop-web-6d5f'], labels: { 'pod-template-hash': '6d5f' } },
      ['Deployment', 'shop-web', '6d5f'],
    ],
    [
      'of an Argo Rollout is the Rollout',
      { owner: ['ReplicaSet', 'web-79c'], labels: { 'rollouts-pod-template-hash': '79c' } },
      ['Rollout', 'web', '79c'],
    ],
    [
      'of a ReplicaSet that nobody owns is the ReplicaSet',
      { owner: ['ReplicaSet', 'web-6d5f'] },
      ['ReplicaSet', 'web-6d5f', ''],
    ],
    [
      'of a ReplicaSet whose name only looks alike is the ReplicaSet',
      { owner: ['ReplicaSet', 'web6d5f'], labels: { 'pod-template-hash': '6d5f' } },
      ['ReplicaSet', 'web6d5f', '6d5f'],
    ],
    ['of a CronJob is not its Job', { owner: ['Job', `backup-${MINUTE}`] }, ['CronJob', 'backup', '']],
    [
      'of a CronJob before Kubernetes 1.21, too',
      { owner: ['Job', `backup-${Date.parse(CREATED) / 1_000}`] },
      ['CronJob', 'backup', ''],
    ],
    [
      'of a CronJob whose Job starts a pod again a day later, too',
      { owner: ['Job', `backup-${Number(MINUTE) - 1_440}`] },
      ['CronJob', 'backup', ''],
    ],
    [
      'of a Job named by a date is the Job',
      { owner: ['Job', 'import-20261126'] },
      ['Job', 'import-20261126', ''],
    ],
    ['of a Job is the Job', { owner: ['Job', 'migrate'] }, ['Job', 'migrate', '']],
    [
      'of a StatefulSet has its revision',
      { owner: ['StatefulSet', 'db'], labels: { 'controller-revision-hash': 'db-7f9' } },
      ['StatefulSet', 'db', 'db-7f9'],
    ],
    [
      'of a DaemonSet has its revision',
      { owner: ['DaemonSet', 'agent'], labels: { 'controller-revision-hash': '5c8' } },
      ['DaemonSet', 'agent', '5c8'],
    ],
    [
      'that a kubelet runs by itself is named without its node',
      { name: 'etcd-node-1', owner: ['Node', 'node-1'] },
      ['StaticPod', 'etcd', ''],
    ],
    [
      'of a custom owner is that',
      { owner: ['VirtualMachineInstance', 'vm-1'] },
      ['VirtualMachineInstance', 'vm-1', ''],
    ],
    ['without an owner is the pod', { name: 'debug' }, ['BarePod', 'debug', '']],
  ])('%s', (_what, meta, [kind, name, revision]) => {
    expect(workloadOf(meta)).toEqual({ kind, name, revision, serviceAccount: 'shop' });
  });

  it('is the controller among several owners', () => {
    const ownerReferences = [
      { kind: 'Backup', name: 'b' },
      { kind: 'StatefulSet', name: 'db', controller: true },
    ];
    expect(projectWorkload({ metadata: { name: 'db-0', ownerReferences } })).toMatchObject({ name: 'db' });
  });
});
