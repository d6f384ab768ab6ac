import { describe, expect, it } from 'vitest';
import { projectEndCause } from './end-cause.js';

const at = (second: number) => new Date(Date.UTC(2026, 10, 26, 14, 5, second)).toISOString();

/** A container that has ended. */
const ended = (exitCode: number, reason: string, second: number, name = 'app') => ({
  name,
  state: { terminated: { exitCode, reason, finishedAt: at(second) } },
});
const running = { name: 'app', state: { running: { startedAt: at(0) } } };

/** Asked for at that second, with half a minute of grace. */
const deleted = (second: number) => ({ deletionTimestamp: at(second + 30), deletionGracePeriodSeconds: 30 });

describe('a pod ended because', () => {
  it.each<[string, object, object, [cause: string, exitCode?: number]]>([
    [
      'it was evicted by the API, whatever its containers say',
      deleted(10),
      {
        phase: 'Failed',
        conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }],
        containerStatuses: [ended(143, 'Error', 12)],
      },
      ['EvictionByEvictionAPI'],
    ],
    [
      'it ended as it was, after a disruption that was taken back',
      {},
      {
        phase: 'Succeeded',
        conditions: [{ type: 'DisruptionTarget', status: 'False', reason: 'PreemptionByScheduler' }],
      },
      ['Completed'],
    ],
    ['its node lacked memory', {}, { phase: 'Failed', reason: 'Evicted' }, ['Evicted']],
    [
      'its node lacked memory, as newer kubelets say it',
      {},
      {
        phase: 'Failed',
        reason: 'Evicted',
        conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }],
      },
      ['Evicted'],
    ],
    ['its node is lost', deleted(3), { phase: 'Running', reason: 'NodeLost' }, ['NodeLost']],
    [
      'the kubelet refused it',
      {},
      { phase: 'Failed', reason: 'UnexpectedAdmissionError' },
      ['UnexpectedAdmissionError'],
    ],
    [
      'its container was out of memory',
      {},
      { phase: 'Failed', containerStatuses: [ended(137, 'OOMKilled', 9)] },
      ['OOMKilled', 137],
    ],
    [
      'of the container that failed first, not of the one that was stopped then',
      {},
      { phase: 'Failed', containerStatuses: [ended(143, 'Error', 12, 'proxy'), ended(3, 'Error', 9)] },
      ['Error', 3],
    ],
    [
      'of the one that was out of memory, where two ended in one second',
      {},
      { phase: 'Failed', containerStatuses: [ended(1, 'Error', 9, 'proxy'), ended(137, 'OOMKilled', 9)] },
      ['OOMKilled', 137],
    ],
    [
      'its init container failed',
      {},
      { phase: 'Failed', initContainerStatuses: [ended(2, 'Error', 5, 'setup')], containerStatuses: [] },
      ['Error', 2],
    ],
    [
      'it completed, and its sidecar was stopped then',
      {},
      {
        phase: 'Succeeded',
        initContainerStatuses: [ended(143, 'Error', 10, 'sidecar')],
        containerStatuses: [ended(0, 'Completed', 9)],
      },
      ['Completed'],
    ],
    [
      'it completed',
      {},
      { phase: 'Succeeded', containerStatuses: [ended(0, 'Completed', 9)] },
      ['Completed'],
    ],
    [
      'it had completed before it was deleted',
      deleted(20),
      { phase: 'Succeeded', containerStatuses: [ended(0, 'Completed', 9)] },
      ['Completed'],
    ],
    [
      'it had failed before it was deleted',
      deleted(20),
      { phase: 'Failed', containerStatuses: [ended(1, 'Error', 9)] },
      ['Error', 1],
    ],
    ['it was deleted', deleted(10), { phase: 'Running', containerStatuses: [running] }, ['Deleted']],
    [
      'it was deleted, and its container ended with an error for that reason',
      deleted(10),
      { phase: 'Failed', containerStatuses: [ended(143, 'Error', 12)] },
      ['Deleted'],
    ],
    [
      'it was deleted, also when the kubelet has asked for its deletion again',
      { deletionTimestamp: at(17), deletionGracePeriodSeconds: 0 },
      { phase: 'Failed', containerStatuses: [ended(143, 'Error', 12)] },
      ['Deleted'],
    ],
    [
      'its container was out of memory, whoever has deleted it then',
      { deletionTimestamp: at(17), deletionGracePeriodSeconds: 0 },
      { phase: 'Failed', containerStatuses: [ended(137, 'OOMKilled', 12)] },
      ['OOMKilled', 137],
    ],
    ['it was deleted by force', {}, { phase: 'Running', containerStatuses: [running] }, ['Deleted']],
    ['of nothing that it says', {}, { phase: 'Failed' }, ['Failed']],
  ])('%s', (_what, metadata, status, [cause, exitCode]) => {
    const spec = {
      restartPolicy: 'Never',
      initContainers: [{ name: 'setup' }, { name: 'sidecar', restartPolicy: 'Always' }],
    };
    expect(projectEndCause({ metadata, spec, status })).toEqual({ cause, exitCode });
  });

  it.each(['Failed', 'Succeeded', 'Running'])(
    'it was deleted, when its containers are always started again: %s',
    (phase) => {
      const status = { phase, containerStatuses: [ended(phase === 'Failed' ? 1 : 0, 'Error', 9)] };
      for (const spec of [{}, { restartPolicy: 'Always' }])
        expect(projectEndCause({ metadata: deleted(8), spec, status }).cause).toBe('Deleted');
    },
  );

  it('in words that a database can store', () => {
    expect(projectEndCause({ status: { phase: 'Failed', reason: 'Ev\0icted\ud800' } }).cause).toBe(
      'Evicted\ufffd',
    );
  });

  it('a malformed object does not say', () => {
    for (const object of [null, 'pod', {}, { status: { conditions: 'none', containerStatuses: [null] } }])
      expect(projectEndCause(object)).toEqual({ cause: 'Deleted', exitCode: undefined });
  });
});
