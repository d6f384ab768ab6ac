import { expect, test } from 'vitest';
import { heartbeat, memoryStore, openApp } from '../app.test.helpers.js';

test.each([
  ['/badge.svg', 'podips default: failing'],
  ['/badge/kubernetes.svg', 'Kubernetes read: working'],
  ['/badge/queue-write.svg', 'Queue write: not known yet'],
  ['/badge/queue-read.svg', 'Queue read: not known yet'],
  ['/badge/log.svg', 'Fluentd write: failing'],
  ['/badge/uptime/30d/log.svg', 'Fluentd write, 30 days: not known'],
])('%s says "%s" as a picture that other pages may show for a while', async (path, title) => {
  const app = await openApp(memoryStore([heartbeat('kubernetes'), heartbeat('log', { code: 500 })]));
  const { statusCode, headers, body } = await app.inject(path);
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toBe('image/svg+xml; charset=utf-8');
  expect(headers['cache-control']).toBe('public, max-age=30');
  expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
  expect(body).toContain(`<title>${title}</title>`);
  expect(body).toContain(`aria-label="${title}"`);
  expect(body).not.toContain('style=');
});

test('there is no badge of anything else', async () => {
  const app = await openApp(memoryStore());
  expect((await app.inject('/badge/%3Cscript%3E.svg')).statusCode).toBe(404);
});
