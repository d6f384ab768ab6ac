import { readerSpecs } from '@podips/reader';
import { mockClusterSpecs, mockProducerSpecs, mockSpecs } from '@podips/simulation';
import { writerSpecs } from '@podips/writer';
import { cronjobSpecs } from '../../../services/cronjob/src/settings.js';
import { monitorSpecs } from '../../../services/monitor/src/settings.js';

type Specs = Readonly<Record<string, object>>;

/** The settings of each program that has an image, by the name of its target. */
export const PROGRAM_SPECS: Readonly<Record<string, Specs>> = {
  reader: readerSpecs,
  writer: writerSpecs,
  monitor: monitorSpecs,
  cronjob: cronjobSpecs,
  'mock-producer': mockProducerSpecs,
  'mock-consumer': mockSpecs,
  'mock-cluster': mockClusterSpecs,
};
export const TARGETS = Object.keys(PROGRAM_SPECS);
/** The command line has an image, too, but no settings and no health: it answers and ends. */
export const CLI_TARGET = 'cli';

/** Settings without a default and not optional: a program does not start without them. */
export function requiredSettings(specs: Specs): string[] {
  return Object.entries(specs)
    .filter(([, spec]) => !('default' in spec))
    .map(([name]) => name);
}

export function defaultsOf(specs: Specs): Record<string, string> {
  const defaults = Object.entries(specs).map(([name, spec]) => [
    name,
    'default' in spec ? spec.default : undefined,
  ]);
  return Object.fromEntries(defaults.filter(([, value]) => typeof value === 'string'));
}
