import { readFileSync } from 'node:fs';
import { readerSpecs } from '@podips/reader';
import { mockProducerSpecs } from '@podips/simulation';
import { writerSpecs } from '@podips/writer';
import { describe, expect, it } from 'vitest';
import { cronjobSpecs } from '../services/cronjob/dist/settings.js';
import { monitorSpecs } from '../services/monitor/dist/settings.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** Of the settings table: variable -> the services and the default that it states. */
const ROWS = new Map(
  [...README.matchAll(/^\| `([A-Z_]+)` \|([^|]+)\|[^|]*\|([^|]+)\|/gm)].map(
    ([, name = '', services = '', stated = '']) => [
      name,
      { services: services.trim(), stated: stated.trim() },
    ],
  ),
);

const SPECS = {
  reader: readerSpecs,
  writer: writerSpecs,
  monitor: monitorSpecs,
  cronjob: cronjobSpecs,
  mock: mockProducerSpecs,
};

const SETTINGS = Object.entries(SPECS).flatMap(([service, specs]) =>
  Object.entries(specs).map(([name, spec]) => ({ service, name, spec })),
);

describe('the settings table of the README', () => {
  it.each(SETTINGS)('has $name of the $service with its default', ({ service, name, spec }) => {
    const row = ROWS.get(name);
    expect(row, `a row for ${name}`).toBeDefined();
    if (row?.services !== 'all') expect(row?.services).toContain(service);
    // A mock's queue has its own default, which the row states beside the other.
    if ('default' in spec && spec.default !== undefined && spec.default !== '')
      expect(row?.stated).toContain(String(spec.default));
    else expect(row?.stated).toMatch(/none|empty|required/);
  });

  it('has no setting that no service reads', () => {
    const known = new Set(SETTINGS.map(({ name }) => name));
    expect([...ROWS.keys()].filter((name) => !known.has(name))).toEqual([]);
  });
});
