import { expect, test } from 'vitest';
import { createPageCache } from './page-cache.js';

test('a page is rendered again for another state, after a second, and when the clock was set back', () => {
  let [state, nowMs, rendered] = [{}, 50_000, 0];
  const page = createPageCache({
    render: () => {
      rendered += 1;
      return `page ${rendered}`;
    },
    state: () => state,
    now: () => nowMs,
  });
  const shown = () => page().toString();
  expect([shown(), shown()]).toEqual(['page 1', 'page 1']);
  nowMs += 999;
  expect(shown()).toBe('page 1');
  nowMs += 1;
  expect([shown(), shown()]).toEqual(['page 2', 'page 2']);
  state = {};
  expect([shown(), shown()]).toEqual(['page 3', 'page 3']);
  nowMs -= 3_600_000;
  expect([shown(), shown()]).toEqual(['page 4', 'page 4']);
});

test('a page that cannot be rendered is tried again for the next viewer', () => {
  let isBroken = true;
  const page = createPageCache({
    render: () => {
      if (isBroken) throw new Error('broken');
      return 'page';
    },
    state: () => ({}),
    now: () => 0,
  });
  expect(page).toThrow('broken');
  isBroken = false;
  expect(page().toString()).toBe('page');
});
