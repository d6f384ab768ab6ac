import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMap, MANIFESTS, named } from './support/documents.js';
import { buildManifests } from './support/kustomize.js';
import { type LiveServices, startLiveServices } from './support/live-services.js';
import { podTemplate, podTemplates, selects } from './support/pods.js';
import { metricsOf } from './support/promql.js';
import { promtool } from './support/promtool.js';

const DASHBOARD = join(MANIFESTS, 'components/grafana/podips.json');
const MANIFEST = buildManifests('overlays/trial', ['prometheus', 'grafana']);
const RULES = (named(MANIFEST, 'PrometheusRule', 'podips').spec?.groups ?? []).flatMap(
  ({ rules = [] }) => rules,
);
const WITH_METRICS = ['reader', 'writer', 'monitor'];

let services: LiveServices;
beforeAll(async () => {
  services = await startLiveServices();
});
afterAll(() => services[Symbol.asyncDispose]());

const get = (service: string, path = '') => fetch(`${services.urls[service]}${path}`);

/** The names of all metrics of all services, as they say themselves. */
async function knownMetrics(): Promise<Set<string>> {
  const texts = await Promise.all(
    WITH_METRICS.map(async (service) => (await get(service, '/metrics')).text()),
  );
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/^# TYPE (\w+) (\w+)/gm)].flatMap(([, name = '', type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    ),
  );
}

describe.each(WITH_METRICS)('the %s', (service) => {
  const { startupProbe, readinessProbe, livenessProbe } = podTemplate(MANIFEST, service).container;

  it('answers the probes', async () => {
    for (const probe of [startupProbe, livenessProbe].filter((one) => one?.httpGet))
      expect((await get(service, probe?.httpGet?.path)).status).toBe(200);
    const ready = await get(service, readinessProbe?.httpGet?.path);
    expect(ready.status).toBe(service === 'monitor' ? 200 : 503);
  });

  it('has metrics that promtool accepts', async () => {
    const text = await (await get(service, '/metrics')).text();
    expect(promtool(['check', 'metrics'], {}, text)).toBe('');
  });

  it('is scraped where it has metrics', async () => {
    const { spec } = named(MANIFEST, 'PodMonitor', 'podips');
    const [endpoint] = spec?.podMetricsEndpoints ?? [];
    const template = podTemplate(MANIFEST, service);
    expect(selects(spec?.selector, template.labels)).toBe(true);
    expect(template.container.ports?.map(({ name }) => name)).toContain(endpoint?.port);
    expect((await get(service, endpoint?.path)).status).toBe(200);
  });
});

it('nothing without metrics is scraped', () => {
  const { spec } = named(MANIFEST, 'PodMonitor', 'podips');
  const scraped = podTemplates(MANIFEST).filter(({ labels }) => selects(spec?.selector, labels));
  expect(scraped.map(({ component }) => component).sort()).toEqual([...WITH_METRICS].sort());
});

describe('alerts', () => {
  it.each(RULES)('$alert reads metrics that exist', async ({ expr }) => {
    const metrics = metricsOf(String(expr));
    expect(metrics).not.toEqual([]);
    expect([...(await knownMetrics())]).toEqual(expect.arrayContaining(metrics));
  });

  it.each(RULES)('$alert says what is wrong, and where it is explained', ({ alert, labels, annotations }) => {
    expect(labels?.severity).toMatch(/^(critical|warning)$/);
    expect(annotations).toMatchObject({ summary: expect.any(String), description: expect.any(String) });
    expect(annotations?.runbook_url).toBe(`docs/operate.md#${alert?.toLowerCase()}`);
  });

  it('cover failed links, the outbox, the ledger, gaps and the monitor', () => {
    const alerts = RULES.map(({ alert }) => alert);
    const asked = ['LinkFails', 'LinkSilent', 'OutboxGrows', 'LedgerStale', 'Gap', 'MonitorDown'];
    expect(alerts).toEqual(expect.arrayContaining(asked.map((name) => `Podips${name}`)));
    expect(new Set(alerts).size).toBe(alerts.length);
  });
});

describe('the dashboard', () => {
  const text = readFileSync(DASHBOARD, 'utf8');
  const dashboard: unknown = JSON.parse(text);

  it('is in the cluster as it is in the file, where Grafana looks for it', () => {
    const { data, metadata } = named(MANIFEST, 'ConfigMap', 'podips-dashboard');
    expect(data).toEqual({ 'podips.json': text });
    expect(metadata.labels).toMatchObject({ grafana_dashboard: '1' });
  });

  it('reads metrics that exist', async () => {
    const known = [...(await knownMetrics())];
    const expressions = valuesOf(dashboard, 'expr');
    expect(expressions.length).toBeGreaterThan(10);
    for (const expression of expressions) {
      // Grafana replaces these before it asks.
      const plain = expression.replace('$__rate_interval', '1m').replaceAll('$namespace', 'podips');
      expect(known, expression).toEqual(expect.arrayContaining(metricsOf(plain)));
    }
  });

  it('has each panel once', () => {
    const panels = isMap(dashboard) && Array.isArray(dashboard.panels) ? dashboard.panels : [];
    const ids = panels.map((panel) => (isMap(panel) ? panel.id : undefined));
    expect(ids.length).toBeGreaterThan(5);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('PromQL', () => {
  it.each(['sum(', 'a + ', 'rate(a[5m]) by'])('%s is refused', (expression) => {
    expect(() => metricsOf(expression)).toThrow('no PromQL');
  });
});

/** The texts under a key, at any depth. */
function valuesOf(value: unknown, key: string): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => valuesOf(entry, key));
  if (!isMap(value)) return [];
  const own = value[key];
  return [
    ...(typeof own === 'string' ? [own] : []),
    ...Object.values(value).flatMap((child) => valuesOf(child, key)),
  ];
}
