import { existsSync, readFileSync } from 'node:fs';
import { readReaderSettings } from '@podips/reader';
import { readWriterSettings } from '@podips/writer';
import { describe, expect, it } from 'vitest';
import { cronjobSpecs, readCronjobSettings } from '../../services/cronjob/src/settings.js';
import { monitorSpecs, readMonitorSettings } from '../../services/monitor/src/settings.js';
import { readerSpecs } from '../../services/reader/src/settings.js';
import { writerSpecs } from '../../services/writer/src/settings.js';
import { named, ofKind } from './support/documents.js';
import { buildManifests } from './support/kustomize.js';
import { checkPodSecurity } from './support/pod-security.js';
import { environment, podTemplate, podTemplates, SERVICES } from './support/pods.js';

const ROOT = new URL('../../', import.meta.url);
const TRIAL = buildManifests('overlays/trial', ['database-client']);
const PRODUCTION = buildManifests('overlays/production');
const SPECS: Readonly<Record<string, object>> = {
  reader: readerSpecs,
  writer: writerSpecs,
  monitor: monitorSpecs,
  cronjob: cronjobSpecs,
};
/** Longer than any of our programs takes to stop. */
const STOP_SECONDS = 20;
/** The kubelet begins again with short waits before a restart, once a container has run for so long. */
const BACKOFF_RESET_SECONDS = 600;

describe.each(podTemplates(TRIAL))('the pod of $owner', (template) => {
  const { spec, container, component } = template;

  it('passes Pod Security "restricted", and can write only where it has to', () => {
    expect(checkPodSecurity(template)).toEqual([]);
  });

  it('has a token for the API server only when it is the reader', () => {
    expect(spec.automountServiceAccountToken).toBe(component === 'reader');
  });

  it('keeps passwords out of its arguments', () => {
    expect([...(container.command ?? []), ...(container.args ?? [])].join(' ')).not.toMatch(/\$\(\w*PASS/);
  });

  it('is not configured by the names of other Services', () => {
    expect(spec.enableServiceLinks).toBe(false);
  });

  it('mounts volumes that it has', () => {
    const claims = ofKind(TRIAL, 'StatefulSet').flatMap(({ spec: set }) =>
      set?.selector.matchLabels?.['app.kubernetes.io/component'] === component
        ? (set.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name)
        : [],
    );
    const volumes = [...(spec.volumes ?? []).map(({ name }) => name), ...claims];
    const mounts = (container.volumeMounts ?? []).map(({ name }) => name);
    expect(mounts.sort()).toEqual(volumes.sort());
  });

  it('finds the objects that its volumes come from', () => {
    for (const { configMap, persistentVolumeClaim } of spec.volumes ?? []) {
      if (configMap) named(TRIAL, 'ConfigMap', configMap.name ?? '');
      if (persistentVolumeClaim) named(TRIAL, 'PersistentVolumeClaim', persistentVolumeClaim.claimName);
    }
  });

  it('probes ports that it has', () => {
    const ports = (container.ports ?? []).map(({ name }) => name);
    for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
      const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
      if (port !== undefined) expect(ports).toContain(port);
    }
  });
});

describe('the check of Pod Security', () => {
  it.each<[string, object]>([
    ['privileged is not allowed', { privileged: true }],
    ['allowPrivilegeEscalation must be false', { allowPrivilegeEscalation: undefined }],
    ['runAsNonRoot must be true', { runAsNonRoot: false }],
    ['runAsUser must be a number above 0', { runAsUser: 0 }],
    ['capabilities must not be added', { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }],
    ['seccompProfile must be RuntimeDefault', { seccompProfile: { type: 'Unconfined' } }],
    ['readOnlyRootFilesystem must be true', { readOnlyRootFilesystem: false }],
  ])('says that %s', (problem, spoiled) => {
    const template = podTemplate(TRIAL, 'writer');
    const securityContext = { ...template.container.securityContext, ...spoiled };
    const container = { ...template.container, securityContext };
    expect(checkPodSecurity({ ...template, container })).toEqual([`writer: ${problem}`]);
  });
});

describe.each(SERVICES)("the %s's manifest", (service) => {
  const { spec, container } = podTemplate(TRIAL, service);
  const env = environment(TRIAL, container);

  it('sets only what the service knows', () => {
    expect(Object.keys(SPECS[service] ?? {})).toEqual(expect.arrayContaining(Object.keys(env)));
  });

  it('names the image of this version', () => {
    const { version }: { version: string } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
    expect(container.image).toBe(`podips/${service}:${version}`);
    expect(podTemplate(PRODUCTION, service).container.image).toMatch(
      new RegExp(`/podips/${service}:${version}$`),
    );
  });

  it('gives it time to stop', () => {
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(STOP_SECONDS);
  });

  it('listens where probes and Services look for it', () => {
    const port = container.ports?.find(({ name }) => name === 'http')?.containerPort;
    expect(port === undefined ? undefined : String(port)).toBe(env.HTTP_PORT);
  });

  it('gives it a volume where it writes', () => {
    const writable = (container.volumeMounts ?? []).filter(({ readOnly }) => !readOnly);
    const mounts = writable.map(({ mountPath }) => mountPath);
    const written = [env.STATUS_DIR, env.MONITOR_DATA_DIR].filter((dir) => dir !== undefined);
    expect(mounts).toEqual(written);
  });
});

/** The API server is the one thing that the cluster adds by itself. */
const outside = (env: Record<string, string>) => ({
  ...env,
  HOME: '/',
  KUBE_APISERVER_URL: 'https://kubernetes',
});

describe.each([
  ['the trial', TRIAL],
  ['production', [...PRODUCTION, ...ofKind(TRIAL, 'Secret')]],
])('in %s', (_where, manifests) => {
  const envOf = (service: string) => environment(manifests, podTemplate(manifests, service).container);
  const monitorUrl = `http://${named(manifests, 'Service', 'podips-monitor').metadata.name}`;

  it('the services take their settings', () => {
    const reader = readReaderSettings(['--incluster=false'], outside(envOf('reader')));
    expect(reader).toMatchObject({ monitorUrl, database: { port: 5432 } });
    expect(readWriterSettings(envOf('writer'))).toMatchObject({ monitorUrl });
    const { dataDir, database } = readMonitorSettings(envOf('monitor'));
    expect(dataDir).toBe('/var/lib/podips');
    expect(database).toEqual(reader.database);
    const { args } = podTemplate(manifests, 'cronjob').container;
    expect(readCronjobSettings(envOf('cronjob'), args)).toMatchObject({ monitorUrl, once: true });
  });

  it('reader and writer share a queue', () => {
    const reader = readReaderSettings(['--incluster=false'], outside(envOf('reader')));
    expect(readWriterSettings(envOf('writer')).queue).toEqual(reader.queue);
  });
});

describe('in the trial', () => {
  const services = ofKind(TRIAL, 'Service').map(
    ({ metadata, spec }) => `${metadata.name}:${spec?.ports?.[0]?.port}`,
  );
  const env = environment(TRIAL, podTemplate(TRIAL, 'reader').container);

  it('the hosts in the settings are Services', () => {
    const writer = readWriterSettings(environment(TRIAL, podTemplate(TRIAL, 'writer').container));
    const [queue] = writer.queue.servers;
    const [fluentd] = writer.fluent.servers;
    expect(services).toEqual(
      expect.arrayContaining([
        `${env.PODIPS_HOST}:80`,
        `${env.DB_HOST}:${env.DB_PORT}`,
        `${queue?.host}:${queue?.port}`,
        `${fluentd?.host}:${fluentd?.port}`,
      ]),
    );
  });

  it('the database is made with the name and the login that the reader uses', () => {
    const database = environment(TRIAL, podTemplate(TRIAL, 'database').container);
    expect(database).toMatchObject({
      POSTGRES_DB: env.DB_NAME,
      POSTGRES_USER: env.DB_USER,
      POSTGRES_PASSWORD: env.DB_PASSWORD,
    });
  });

  it('reader, writer and monitor know the same token', () => {
    const tokens = ['reader', 'writer', 'monitor'].map(
      (service) => environment(TRIAL, podTemplate(TRIAL, service).container).HEARTBEAT_TOKEN,
    );
    expect(tokens[0]).toBeDefined();
    expect(new Set(tokens).size).toBe(1);
  });

  it('queue, database and Fluentd are the ones of docker-compose.yml', () => {
    const compose = readFileSync(new URL('docker-compose.yml', ROOT), 'utf8');
    for (const component of ['queue', 'database', 'fluentd'])
      expect(compose).toContain(podTemplate(TRIAL, component).container.image);
  });
});

describe.each([
  ['reader', 'services/reader/src/reader.ts'],
  ['writer', 'services/writer/src/writer.ts'],
])("the %s's liveness probe", (service, source) => {
  const probe = podTemplate(TRIAL, service).container.livenessProbe;
  const [program, path, ...files] = probe?.exec?.command ?? [];

  it('looks at the files that the service keeps', () => {
    const code = readFileSync(new URL(source, ROOT), 'utf8');
    const kept = [...code.matchAll(/statusFile\('(\w+)'\)/g)].map(([, name]) => name);
    expect(files).toEqual(kept);
  });

  it('runs a program of the image', () => {
    expect(program).toBe('node');
    const shared = path?.replace('/app/node_modules/@podips/shared/dist/', 'packages/shared/src/');
    expect(existsSync(new URL(shared?.replace(/\.js$/, '.ts') ?? '', ROOT))).toBe(true);
  });

  it('lets a pod run for so long that the kubelet forgets earlier restarts', () => {
    const runSeconds = (probe?.periodSeconds ?? 0) * (probe?.failureThreshold ?? 0);
    expect(runSeconds).toBeGreaterThan(BACKOFF_RESET_SECONDS);
  });
});

describe('the cron job', () => {
  const job = named(TRIAL, 'CronJob', 'podips-cronjob').spec;
  const INTERVAL_SECONDS = 300;

  it('makes a pod every five minutes, one at a time', () => {
    expect(job).toMatchObject({ schedule: cronjobSpecs.CRON_SCHEDULE.default, concurrencyPolicy: 'Forbid' });
    expect(job?.jobTemplate.spec?.template.spec?.restartPolicy).toBe('Never');
  });

  it('stays long enough to be seen with its address', () => {
    const { spec, container } = podTemplate(TRIAL, 'cronjob');
    const [before] = spec.initContainers ?? [];
    expect(before?.image).toBe(container.image);
    expect(before?.command).toEqual(['node', '--eval', expect.stringContaining('setTimeout')]);
  });

  it('is done, or given up, before the next one', () => {
    const late = job?.startingDeadlineSeconds ?? Number.POSITIVE_INFINITY;
    const runs = job?.jobTemplate.spec?.activeDeadlineSeconds ?? Number.POSITIVE_INFINITY;
    expect(late + runs).toBeLessThan(INTERVAL_SECONDS);
    expect(job?.jobTemplate.spec?.backoffLimit).toBe(0);
  });
});
