import { describe, expect, it } from 'vitest';
import { CONTEXT, list, type Rule, runInstaller } from './support/installer.js';

const UNATTENDED = ['--yes', '--context', CONTEXT, '--registry', 'registry.local/podips'];

describe('a step that fails ends the installation and says how to continue:', () => {
  const waiting = (reason: string, message = '') =>
    list({
      metadata: { name: 'podips-queue-0' },
      status: {
        containerStatuses: [{ ready: false, restartCount: 0, state: { waiting: { reason, message } } }],
      },
    });
  const notReady = { match: '^rollout status statefulset/podips-queue', code: 1, stderr: 'timed out' };

  it.each<[string, Rule[], string[]]>([
    [
      'applying',
      [
        { match: 'strict --filename', times: 1 },
        { match: 'strict --filename', code: 1, stderr: 'etcd is full' },
      ],
      ['etcd is full', 'repeat with --upgrade --overlay trial --registry registry.local/podips'],
    ],
    ['the namespace', [{ match: 'strict --filename', code: 1, stderr: 'forbidden' }], ['forbidden']],
    ['the Secret', [{ match: '^create --filename', code: 1, stderr: 'quota exceeded' }], ['quota exceeded']],
    [
      'an image that is not there',
      [notReady, { match: '^get pods', stdout: waiting('ImagePullBackOff', 'pull access denied') }],
      [
        'statefulset/podips-queue is not ready: timed out',
        'pull access denied',
        '--registry',
        'repeat with --upgrade --overlay trial --registry registry.local/podips',
      ],
    ],
    [
      'a key that is missing',
      [notReady, { match: '^get pods', stdout: waiting('CreateContainerConfigError') }],
      ['A Secret or ConfigMap, or a key in one, is missing.'],
    ],
    [
      'no room',
      [
        notReady,
        {
          match: '^get pods',
          stdout: list({
            metadata: { name: 'podips-queue-0' },
            status: {
              conditions: [
                {
                  type: 'PodScheduled',
                  status: 'False',
                  reason: 'Unschedulable',
                  message: '0/1 nodes are available',
                },
              ],
            },
          }),
        },
      ],
      ['0/1 nodes are available', 'No node has room'],
    ],
    [
      'a service that ends',
      [
        notReady,
        {
          match: '^get pods',
          stdout: list({
            metadata: { name: 'podips-queue-0' },
            status: {
              containerStatuses: [
                { ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } },
              ],
            },
          }),
        },
        { match: '^logs pod/podips-queue-0', stdout: 'LOG_SERVER is required\n' },
      ],
      ['The container exits.', 'LOG_SERVER is required'],
    ],
    [
      'a log that cannot be read',
      [{ match: '^logs job/', code: 1, stderr: 'dial tcp 10.0.0.7:10250: i/o timeout' }],
      ['the log of the job podips-canary-', '10250: i/o timeout', 'The dashboard says whether it works'],
    ],
    [
      "a log of Fluentd's that cannot be read",
      [{ match: '^logs deployment/podips-fluentd', code: 1, stderr: 'Forbidden' }],
      ['the log of deployment/podips-fluentd cannot be read', 'Forbidden'],
    ],
  ])('%s', async (_what, rules, texts) => {
    const { code, output } = await runInstaller(UNATTENDED, { rules });
    expect(code).toBe(1);
    for (const text of texts) expect(output).toContain(text);
    expect(output).not.toContain('podips works');
  });
});
