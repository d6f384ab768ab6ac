import { pino } from 'pino';
import { expect, it } from 'vitest';
import { FailureLog } from './failure-log.js';

it('a failure that repeats is logged once for each reason, and counted when it is over', () => {
  const lines: string[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(line) });
  const failures = new FailureLog(log, { failed: 'not sent', worked: 'sent again' });
  failures.worked();
  for (let n = 0; n < 10; n += 1) failures.failed(new Error('refused'), { rows: n });
  for (let n = 0; n < 10; n += 1) failures.failed(new Error(`port ${n}`));
  failures.failed(new Error('reset'));
  for (let n = 0; n < 2; n += 1) failures.failed(new Error('no space left'));
  failures.worked();
  failures.worked();
  failures.failed(new Error('refused'));
  const said = lines
    .map((line) => JSON.parse(line))
    .map(({ msg, err, rows, failures: count }) =>
      [msg, err?.message, rows, count].filter((part) => part !== undefined).join(' '),
    );
  expect(said).toEqual([
    'not sent refused 0',
    'not sent port 0',
    'not sent port 1',
    'not sent port 2',
    'not sent reset',
    'not sent no space left',
    'sent again 23',
    'not sent refused',
  ]);
});
