import { describe, expect, it } from 'vitest';
import { PodError, projectPod } from './pod.js';

const METADATA = { uid: 'u', name: 'n', namespace: 'ns' };

describe('projectPod', () => {
  it('keeps what a message needs and nothing else', () => {
    const pod = projectPod({
      metadata: {
        ...METADATA,
        labels: { app: 'web' },
        ownerReferences: [
          { kind: 'ReplicaSet', name: 'web-5cc' },
          { kind: 'Other', name: 'second' },
        ],
      },
      spec: { nodeName: 'node-1', hostNetwork: true, serviceAccountName: 'web', containers: [{}] },
      status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
    });
    expect(pod).toEqual({
      uid: 'u',
      name: 'n',
      namespace: 'ns',
      ownerKind: 'ReplicaSet',
      ownerName: 'web-5cc',
      node: 'node-1',
      hostNetwork: true,
      ips: ['10.0.0.1', 'fd00::1'],
      finished: false,
      workload: { kind: 'ReplicaSet', name: 'web-5cc', revision: '', serviceAccount: 'web' },
      times: expect.objectContaining({ terminationGraceSeconds: 30 }),
    });
  });

  it('keeps why a pod ends as soon as it does, and the containers that were started again', () => {
    const terminated = { reason: 'OOMKilled', exitCode: 137, finishedAt: '2026-11-26T14:05:03Z' };
    const containerStatuses = [{ name: 'app', restartCount: 2, lastState: { terminated } }];
    const running = { metadata: METADATA, status: { phase: 'Running', containerStatuses } };
    expect(projectPod(running).endCause).toBeUndefined();
    expect(projectPod(running).restarts).toMatchObject([{ container: 'app', count: 2, exitCode: 137 }]);
    const evicted = { metadata: METADATA, status: { phase: 'Failed', reason: 'Evicted' } };
    expect(projectPod(evicted).endCause).toEqual({ cause: 'Evicted', exitCode: undefined });
  });

  it.each(['Succeeded', 'Failed'])('sees that a pod in phase %s is finished', (phase) => {
    expect(projectPod({ metadata: METADATA, status: { phase } }).finished).toBe(true);
  });

  it.each(['Pending', 'Running', 'Unknown', undefined])(
    'sees that a pod in phase %s is not finished',
    (phase) => {
      expect(projectPod({ metadata: METADATA, status: { phase } }).finished).toBe(false);
    },
  );

  it('accepts a pod without spec and status as one without an address', () => {
    expect(projectPod({ metadata: METADATA })).toMatchObject({
      ips: [],
      ownerKind: 'Unknown',
      ownerName: '',
      node: '',
    });
  });

  it.each([
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8::0001', '2001:db8::1'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
    ['0:0:0:0:0:FFFF:0a00:0001', '::ffff:10.0.0.1'],
    ['::', '::'],
    ['10.0.0.1', '10.0.0.1'],
  ])('spells %s as %s', (given, canonical) => {
    expect(projectPod({ metadata: METADATA, status: { podIP: given } }).ips).toEqual([canonical]);
  });

  it('treats two spellings of one address as one', () => {
    const status = { podIP: 'fd00:0::1', podIPs: [{ ip: 'FD00::1' }] };
    expect(projectPod({ metadata: METADATA, status }).ips).toEqual(['fd00::1']);
  });

  it('ignores what is no address', () => {
    const status = { podIP: '', podIPs: [{ ip: 'nonsense' }, null, 7, {}] };
    expect(projectPod({ metadata: METADATA, status }).ips).toEqual([]);
  });

  it.each([
    null,
    undefined,
    'text',
    [],
    {},
    { metadata: null },
    { metadata: { name: 'n' } },
    { metadata: { uid: 1 } },
  ])('refuses %j, because it does not say which pod it is', (object) => {
    expect(() => projectPod(object)).toThrow(PodError);
  });
});
