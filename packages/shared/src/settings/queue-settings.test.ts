import { describe, expect, it } from 'vitest';
import { invalidQueueOf, queueSpecs } from './queue-settings.js';
import { readSettings } from './read-settings.js';

describe('QUEUE_NAME', () => {
  const nameOf = (name: string) =>
    readSettings({ specs: queueSpecs('queue'), env: { QUEUE_NAME: name } }).QUEUE_NAME;

  it('is a queue, with another one for what is invalid', () => {
    expect(nameOf('')).toBe('/queue/pods');
    expect(nameOf('/queue/east-1.pods_2')).toBe('/queue/east-1.pods_2');
    expect(invalidQueueOf('/queue/pods')).toBe('/queue/pods.invalid');
  });

  it.each([
    'pods',
    '/topic/pods',
    '/queue/',
    '/queue/a,b',
    '/queue/a.>',
    '/queue/*',
    '/queue/a?b=c',
    '/queue/a b',
  ])('is not "%s", which a broker takes for something else', (name) => {
    expect(() => nameOf(name)).toThrow(
      `QUEUE_NAME must be /queue/ followed by letters, digits or characters of ._-, but is "${name}"`,
    );
  });
});
