import { describe, expect, it } from 'vitest';
import { readSettings } from './read-settings.js';
import { baseUrl } from './validators.js';

describe('baseUrl', () => {
  it.each([
    ['monitor', 'http://monitor'],
    ['monitor:8080', 'http://monitor:8080'],
    ['https://monitor.example/', 'https://monitor.example'],
    ['http://proxy/podips/', 'http://proxy/podips'],
    ['[::1]:80', 'http://[::1]'],
  ])('takes %s as %s', (given, url) => {
    expect(readSettings({ specs: { U: baseUrl() }, env: { U: given } }).U).toBe(url);
  });
});
