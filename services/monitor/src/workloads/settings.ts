import { bool, integer } from '@podips/shared';
import { type CleanedEnv, EnvError, makeValidator } from 'envalid';
import { entriesOf } from '../list-setting.js';
import type { WorkloadName } from './facts.js';
import { DEFAULT_LIMITS, type Limits } from './unstable.js';

/** `*` stands for any characters. */
const PATTERN = /^[A-Za-z0-9.*-]+\/[A-Za-z0-9.*-]+$/;

const patterns = makeValidator<string>((input) => {
  for (const entry of entriesOf(input))
    if (!PATTERN.test(entry))
      throw new EnvError(
        `must be namespace/name patterns separated by commas, such as shop/web or ci/*, but has "${entry}"`,
      );
  return input;
});

const PER_HOUR = integer(1, 10_000);

/** Settings of the monitor about workloads. */
export const workloadSpecs = {
  UNSTABLE_REPLACED_PER_HOUR: PER_HOUR({
    default: DEFAULT_LIMITS.replacedPerHour,
    desc: 'pods of a workload that are replaced, or fail, within an hour: with so many it is unstable, if that is also `UNSTABLE_TIMES_USUAL` times its usual figure',
  }),
  UNSTABLE_TIMES_USUAL: integer(
    1,
    1_000,
  )({
    default: DEFAULT_LIMITS.timesUsual,
    desc: 'how many times its usual figure, from the seven days before, that must be',
  }),
  UNSTABLE_RESTARTS_PER_HOUR: PER_HOUR({
    default: DEFAULT_LIMITS.restartsPerHour,
    desc: 'restarts of containers of a workload within an hour with which it is unstable',
  }),
  UNSTABLE_LOOP_QUARTERS: integer(
    0,
    96,
  )({
    default: DEFAULT_LIMITS.loopQuarters,
    desc: 'a workload is unstable when in each of so many quarters of an hour, one after the other, a pod was replaced or failed or a container restarted, or in each of the last six half hours, if that is unusual for it; 0: neither counts',
  }),
  ALERT_WORKLOADS: bool({
    default: true,
    desc: 'send alerts about unstable workloads of this cluster; needs the database',
  }),
  ALERT_WORKLOADS_MUTED: patterns({
    default: '',
    desc: 'workloads without alerts: `namespace/name` patterns, separated by commas, with `*` for any characters',
  }),
};

export interface WorkloadSettings {
  /** From when on a workload is unstable. */
  readonly limits: Limits;
  /** Whether alerts are sent. */
  readonly alerts: boolean;
  /** No alerts are sent about workloads whose `namespace/name` fits one of these. */
  readonly muted: readonly RegExp[];
}

/** The part of the monitor's settings about workloads. */
export function workloadSettings(env: CleanedEnv<typeof workloadSpecs>): WorkloadSettings {
  return {
    limits: {
      replacedPerHour: env.UNSTABLE_REPLACED_PER_HOUR,
      restartsPerHour: env.UNSTABLE_RESTARTS_PER_HOUR,
      timesUsual: env.UNSTABLE_TIMES_USUAL,
      loopQuarters: env.UNSTABLE_LOOP_QUARTERS,
    },
    alerts: env.ALERT_WORKLOADS,
    muted: entriesOf(env.ALERT_WORKLOADS_MUTED).map(toExpression),
  };
}

/** Whether no alerts are sent about a workload. */
export function isMuted(
  { alerts, muted }: Pick<WorkloadSettings, 'alerts' | 'muted'>,
  { namespace, name }: WorkloadName,
): boolean {
  return !alerts || muted.some((pattern) => pattern.test(`${namespace}/${name}`));
}

function toExpression(pattern: string): RegExp {
  const [namespace = '', name = ''] = pattern
    .split('/')
    .map((part) => part.replaceAll('.', '\\.').replaceAll(/\*+/g, '[^/]*'));
  return new RegExp(`^${namespace}/${name}$`);
}
