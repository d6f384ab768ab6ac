import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readerSpecs } from '@podips/reader';
import { buildMessage } from '@podips/shared';
import { mockClusterSpecs, mockProducerSpecs, mockSpecs } from '@podips/simulation';
import { writerSpecs } from '@podips/writer';
import { describe, expect, it } from 'vitest';
import { cronjobSpecs } from '../../services/cronjob/src/settings.js';
import { monitorSpecs } from '../../services/monitor/src/settings.js';

const ROOT = new URL('../../', import.meta.url);
const README = readFileSync(new URL('README.md', ROOT), 'utf8');

type Specs = Readonly<Record<string, { readonly default?: unknown }>>;
/** What each program really knows, under the name that the README gives it. */
const PROGRAMS: Readonly<Record<string, Specs>> = {
  reader: readerSpecs,
  writer: writerSpecs,
  monitor: monitorSpecs,
  cronjob: cronjobSpecs,
  'mock-producer': mockProducerSpecs,
  'mock-consumer': mockSpecs,
  'mock-cluster': mockClusterSpecs,
};
/** Words of the README that stand for several programs. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  all: Object.keys(PROGRAMS),
  mocks: ['mock-producer', 'mock-consumer'],
};

interface Row {
  readonly name: string;
  readonly programs: readonly string[];
  readonly defaultText: string;
}

/** The rows of the table of settings; the flags of the command line, which are no variables, left out. */
function settingsRows(): Row[] {
  const table = README.slice(README.indexOf('\n## Settings\n'), README.indexOf('\n## Differences'));
  return [...table.matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \| [^|]*\| ([^|]+) \|/gm)].map(
    ([, name = '', services = '', defaultText = '']) => ({
      name,
      programs: services.split(', ').flatMap((service) => GROUPS[service] ?? [service]),
      defaultText,
    }),
  );
}

/** How the README writes a default; the mocks' other defaults stand in parentheses behind it. */
function written(value: unknown): string[] {
  if (value === undefined) return ['none', 'required'];
  return value === '' ? ['empty'] : [`\`${value}\``];
}

describe("the README's table of settings", () => {
  const rows = settingsRows();

  it('has each variable once', () => {
    const names = rows.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(30);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(Object.keys(PROGRAMS))('names exactly what %s knows', (program) => {
    const told = rows.filter(({ programs }) => programs.includes(program)).map(({ name }) => name);
    expect(told.sort()).toEqual(Object.keys(PROGRAMS[program] ?? {}).sort());
  });

  it.each(rows)('tells the default of $name', ({ name, programs, defaultText }) => {
    for (const program of programs) {
      const texts = written(PROGRAMS[program]?.[name]?.default);
      expect(
        texts.some((text) => defaultText.includes(text)),
        `${program}: ${texts.join(' or ')}`,
      ).toBe(true);
    }
  });
});

describe('the README', () => {
  it('shows a message with the fields of a real one, in their order', () => {
    const shown: unknown = JSON.parse(/```json\n(.*?)```/s.exec(README)?.[1] ?? '');
    expect(Object.keys(shown ?? {})).toEqual(Object.keys(realMessage()));
  });

  it('names programs that the build makes', () => {
    expect(README).toContain('node services/<name>/dist/main.js');
    for (const name of ['reader', 'writer', 'monitor', 'cronjob'])
      expect(existsSync(fileURLToPath(new URL(`services/${name}/dist/main.js`, ROOT)))).toBe(true);
  });
});

function realMessage(): object {
  const pod = {
    uid: '',
    namespace: '',
    name: '',
    ownerKind: '',
    ownerName: '',
    node: '',
    hostNetwork: false,
  };
  const facts = { pod, ip: '', status: 'allocated', occurrence: 0, inferred: false } as const;
  return buildMessage({ ...facts, observedAt: new Date(0) }, { hostname: '', dc: '' });
}
