import { describe, expect, it } from 'vitest';
import { named } from './support/documents.js';
import { buildManifests, RUNBOOKS } from './support/kustomize.js';
import { promtool } from './support/promtool.js';

const { groups = [] } =
  named(buildManifests('overlays/trial', ['prometheus']), 'PrometheusRule', 'podips').spec ?? {};

/** A metric of a cluster, a value for each minute: `1x30` stays 1, `_` is missing, `stale` is gone. */
const series = (metric: string, labels: string, values: string) => ({
  series: `${metric}{namespace="podips",${labels}}`,
  values,
});
const healthy = (cluster: string) => [
  series('podips_reader_leads', `cluster="${cluster}",pod="reader-0"`, '1x60'),
  series('podips_reader_leads', `cluster="${cluster}",pod="reader-1"`, '0x60'),
  series('podips_statuses_saved', `cluster="${cluster}",pod="monitor-0"`, '1x60'),
];
const leads = (cluster: string, values: string) =>
  series('podips_reader_leads', `cluster="${cluster}",pod="reader-0"`, values);
const saved = (cluster: string, values: string) =>
  series('podips_statuses_saved', `cluster="${cluster}",pod="monitor-0"`, values);

/** The clusters, by their label, for which an alert fires after an hour; empty for one without a label. */
function expectFiring(alert: string, input: object[], clusters: readonly (string | undefined)[]): void {
  const rule = groups.flatMap(({ rules = [] }) => rules).find((one) => one.alert === alert);
  const exp_alerts = clusters.map((cluster) => ({
    exp_labels: {
      severity: rule?.labels?.severity,
      ...(cluster === undefined ? {} : { cluster, namespace: 'podips' }),
    },
    exp_annotations: rule?.annotations,
  }));
  expectRules({
    input_series: input,
    alert_rule_test: [{ eval_time: '1h', alertname: alert, exp_alerts }],
  });
}

/** @param test one of promtool's, without its interval */
function expectRules(test: object): void {
  const tests = [{ interval: '1m', ...test }];
  const files = {
    'rules.json': { groups },
    'test.json': { rule_files: ['rules.json'], evaluation_interval: '1m', tests },
  };
  expect(promtool(['test', 'rules', 'test.json'], files)).toBe('');
}

it('the rules are what Prometheus takes', () => {
  expect(promtool(['check', 'rules', 'rules.json'], { 'rules.json': { groups } })).toBe('');
});

it.each(groups.flatMap(({ rules = [] }) => rules))('$alert keeps clusters apart', ({ expr }) => {
  const labels = [...String(expr).matchAll(/\b(?:by|on|group_left|ignoring|without) \(([^)]*)\)/g)];
  for (const [, list = ''] of labels) expect(list).toMatch(/^cluster, namespace(, |$)/);
});

it.each([
  ['none of its readers leads', [leads('b', '1x20 0x40'), saved('b', '1x60')]],
  ['its readers are gone', [leads('b', '1x20 stale'), saved('b', '1x60')]],
  ['its readers were never there', [saved('b', '1x60')]],
  ['all of it is gone', [leads('b', '1x20 stale'), saved('b', '1x20 stale')]],
])('no reader leads in one of two clusters, because %s', (_why, input) => {
  expectFiring('PodipsNoReaderLeads', [...healthy('a'), ...input], ['b']);
});

it.each([
  ['gone', [leads('b', '1x60'), saved('b', '1x20 stale')]],
  ['never there', [leads('b', '1x60')]],
  ['gone with the readers', [leads('b', '1x20 stale'), saved('b', '1x20 stale')]],
])('the monitor of one of two clusters is %s', (_how, input) => {
  expectFiring('PodipsMonitorDown', [...healthy('a'), ...input], ['b']);
});

it('an alert fires for a monitor that restarts again and again, and none for a reader, an update or two restarts', () => {
  const starts = (cluster: string, pod: string, values: string) =>
    series('process_start_time_seconds', `cluster="${cluster}",pod="${pod}"`, values);
  const loop = '100x20 _ 200x9 _x4 300x5 400x20';
  const updated = [
    starts('a', 'monitor-0', '100x20 stale'),
    starts('a', 'monitor-1', '_x20 200x10 300x10 400x20'),
    series('podips_statuses_saved', 'cluster="a",pod="monitor-1"', '1x60'),
  ];
  const input = [...healthy('a'), ...healthy('b'), ...updated, starts('a', 'reader-0', loop)];
  expectFiring('PodipsMonitorRestarts', [...input, starts('b', 'monitor-0', loop)], ['b']);
});

it.each(['PodipsNoReaderLeads', 'PodipsMonitorDown'])('%s fires once without any metrics', (alert) => {
  expectFiring(alert, [], [undefined]);
});

it.each(['PodipsNoReaderLeads', 'PodipsMonitorDown', 'PodipsLinkFails'])(
  '%s is silent while all is well',
  (alert) => {
    expectFiring(alert, [...healthy('a'), ...healthy('b')], []);
  },
);

it('an alert about a light, or about the outbox, says of which cluster', () => {
  const light = (cluster: string, value: string) =>
    series('podips_operation_light', `cluster="${cluster}",operation="log",light="red"`, value);
  const input = [
    ...healthy('a'),
    ...healthy('b'),
    light('a', '0x60'),
    light('b', '1x60'),
    series('podips_operation_light', 'cluster="b",operation="ledger",light="red"', '1x60'),
    series('podips_reader_outbox_messages', 'cluster="b"', '7x60'),
  ];
  const firing = {
    expr: 'count by (cluster, alertname) (ALERTS{alertstate="firing"})',
    eval_time: '1h',
    exp_samples: ['PodipsLedgerFails', 'PodipsLinkFails', 'PodipsOutboxGrows'].map((name) => ({
      labels: `{alertname="${name}",cluster="b"}`,
      value: 1,
    })),
  };
  expectRules({ input_series: input, promql_expr_test: [firing] });
});

it('an alert fires for messages that wait on the queue of one of two clusters, and none for a moment of it', () => {
  const oldest = (cluster: string, values: string) =>
    series('podips_delivery_oldest_seconds', `cluster="${cluster}",pod="monitor-0"`, values);
  const rule = groups.flatMap(({ rules = [] }) => rules).find((one) => one.alert === 'PodipsDeliveryLate');
  expect(rule?.for).toBe('2m');
  expectRules({
    input_series: [...healthy('a'), ...healthy('b'), oldest('a', '0x29 70 0x30'), oldest('b', '0+30x60')],
    promql_expr_test: [
      {
        expr: 'count by (cluster, alertname) (ALERTS{alertstate="firing"})',
        eval_time: '31m',
        exp_samples: [{ labels: '{alertname="PodipsDeliveryLate",cluster="b"}', value: 1 }],
      },
    ],
  });
});

describe('a planned maintenance', () => {
  const labels = 'cluster="a",pod="monitor-0"';
  const muted = (operations: readonly string[], values: string) =>
    ['kubernetes', 'queue/write', 'queue/read', 'log', 'ledger', 'workloads'].map((operation) =>
      series(
        'podips_alerts_muted',
        `${labels},operation="${operation}"`,
        operations.includes(operation) ? values : '0x200',
      ),
    );
  const light = (operation: string, on: string) =>
    series('podips_operation_light', `${labels},operation="${operation}",light="${on}"`, '1x200');
  const workload = 'workload_namespace="shop",workload_kind="Deployment",workload="web"';
  /** All that can fail, but for the monitor itself. */
  const failing = [
    light('queue/write', 'red'),
    light('queue/read', 'yellow'),
    light('ledger', 'red'),
    leads('a', '0x200'),
    saved('a', '1x200'),
    series('podips_reader_outbox_messages', 'cluster="a"', '7x200'),
    series('podips_delivery_oldest_seconds', labels, '600x200'),
    series('podips_reader_buffered_messages', 'cluster="a"', '90x200'),
    series('podips_reader_buffer_limit_messages', 'cluster="a"', '100x200'),
    series('podips_reader_pending_leases', 'cluster="a"', '7x200'),
    series('podips_reader_ledger_failures_total', 'cluster="a"', '0+1x200'),
    series('podips_writer_fluentd_server', 'cluster="a"', '1x200'),
    series('podips_unstable_workload_troubles', `${labels},${workload}`, '7x200'),
  ];
  const firing = (eval_time: string, ...names: string[]) => ({
    expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
    eval_time,
    exp_samples: names.map((name) => ({ labels: `{alertname="Podips${name}"}`, value: 1 })),
  });
  const links = ['LinkFails', 'LinkSilent'];
  const ledger = ['LedgerFails', 'LedgerStale'];

  it.each([
    [
      'the broker',
      ['queue/write', 'queue/read'],
      ['NoReaderLeads', 'FluentdStandby', 'WorkloadUnstable', ...ledger],
    ],
    ['Fluentd', ['log'], ['NoReaderLeads', 'OutboxGrows', 'WorkloadUnstable', ...links, ...ledger]],
    [
      'the database',
      ['ledger'],
      ['NoReaderLeads', 'OutboxGrows', 'DeliveryLate', 'FluentdStandby', 'WorkloadUnstable', ...links],
    ],
    [
      'the API server',
      ['kubernetes'],
      ['OutboxGrows', 'DeliveryLate', 'FluentdStandby', 'WorkloadUnstable', ...links, ...ledger],
    ],
    ['everything', ['kubernetes', 'queue/write', 'queue/read', 'log', 'ledger', 'workloads'], []],
  ])('of %s mutes the alerts about it, and no other', (_what, operations, others) => {
    const input_series = [...failing, ...muted(operations, '1x200')];
    expectRules({ input_series, promql_expr_test: [firing('1h', 'BufferFills', ...others)] });
  });

  it('ends with its last minute: what fails by then makes alerts after it', () => {
    const input_series = [light('log', 'red'), ...muted(['log'], '1x60 0x100'), ...healthy('a')];
    expectRules({
      input_series,
      promql_expr_test: [firing('1h'), firing('1h10m', 'LinkFails')],
    });
  });

  it('of one cluster mutes nothing in another', () => {
    const other = series('podips_operation_light', 'cluster="b",operation="log",light="red"', '1x200');
    const input_series = [other, ...muted(['log'], '1x200'), ...healthy('a'), ...healthy('b')];
    expectRules({ input_series, promql_expr_test: [firing('50m', 'LinkFails')] });
  });
});

describe('an unstable workload', () => {
  const labels = (name: string) =>
    `cluster="b",pod="monitor-0",workload_namespace="shop",workload_kind="Deployment",workload="${name}"`;
  const troubles = (name: string, values: string) =>
    series('podips_unstable_workload_troubles', labels(name), values);
  const firing = (eval_time: string, ...names: string[]) => ({
    expr: 'count by (cluster, workload) (ALERTS{alertname="PodipsWorkloadUnstable",alertstate="firing"})',
    eval_time,
    exp_samples: names.map((name) => ({ labels: `{cluster="b",workload="${name}"}`, value: 1 })),
  });

  it('fires each for itself, and again only after an hour near the limit', () => {
    const input = [troubles('web', '5x4 _x10 5x4 _x90'), troubles('api', '_x20 7x90'), ...healthy('a')];
    const promql_expr_test = [
      firing('1m'),
      firing('3m', 'web'),
      firing('12m', 'web'),
      firing('30m', 'api', 'web'),
      firing('1h25m', 'api'),
    ];
    expectRules({ input_series: input, promql_expr_test });
  });

  it('does not fire for those that ALERT_WORKLOADS_MUTED names', () => {
    const muted = series('podips_unstable_workload_troubles', `${labels('web')},muted="true"`, '5x20');
    const told = series('podips_unstable_workload_troubles', `${labels('api')},muted="false"`, '5x20');
    expectRules({ input_series: [muted, told, ...healthy('a')], promql_expr_test: [firing('10m', 'api')] });
  });
});

it('the component runbooks makes each runbook_url a URL of the page that an overlay names', () => {
  const manifest = buildManifests('overlays/trial', ['prometheus', 'runbooks']);
  expect(manifest.filter(({ metadata }) => metadata.name === RUNBOOKS.metadata.name)).toEqual([]);
  const rules = named(manifest, 'PrometheusRule', 'podips').spec?.groups?.flatMap(
    (group) => group.rules ?? [],
  );
  for (const { alert, annotations } of rules ?? [])
    expect(annotations?.runbook_url).toBe(`${RUNBOOKS.data.page}#${alert?.toLowerCase()}`);
  expect(rules?.length).toBeGreaterThan(9);
});
