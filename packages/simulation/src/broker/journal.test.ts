import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Journal } from './journal.js';
import type { StoredMessage } from './stored-message.js';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(dir, 'journal');
});
afterEach(() => rmSync(dir, { recursive: true }));

function message(n: number, persistent = true): StoredMessage {
  const headers = new Map([['a:b\n', `${n}`]]);
  if (persistent) headers.set('persistent', 'true');
  const body = Buffer.from(`body \0 ${n}`);
  return { id: `m${n}`, sequence: n, queue: '/queue/q', destination: '/queue/q', headers, body, attempts: 0 };
}

async function reopened(): Promise<StoredMessage[]> {
  const { journal, messages } = await Journal.open(path);
  journal.close();
  return messages;
}

async function fill(...batches: StoredMessage[][]): Promise<Journal> {
  const { journal } = await Journal.open(path);
  for (const batch of batches) {
    journal.append(batch.map((each) => ({ kind: 'add' as const, message: each })));
    journal.flush();
  }
  return journal;
}

describe('journal', () => {
  test('returns what was added and not removed, in order, with headers and any bytes', async () => {
    const journal = await fill([message(1)], [message(2)], [message(3)]);
    journal.append([{ kind: 'remove', message: message(2) }]);
    journal.flush();
    journal.close();
    const messages = await reopened();
    expect(messages.map(({ id }) => id)).toEqual(['m1', 'm3']);
    expect(messages[0]).toEqual({ ...message(1), sequence: expect.any(Number) });
  });

  test('forgets messages that are not persistent', async () => {
    (await fill([message(1, false), message(2)])).close();
    expect((await reopened()).map(({ id }) => id)).toEqual(['m2']);
  });

  test('takes a batch as a whole or not at all, wherever the file breaks off', async () => {
    (await fill([message(1)], [message(2), message(3)])).close();
    const whole = join(dir, 'whole');
    copyFileSync(path, whole);
    const size = statSync(whole).size;
    for (let cut = 1; cut < size; cut += 1) {
      copyFileSync(whole, path);
      truncateSync(path, size - cut);
      const ids = (await reopened()).map(({ id }) => id);
      // The very last byte is a line end that nothing needs.
      expect(cut === 1 ? [['m1', 'm2', 'm3']] : [[], ['m1']]).toContainEqual(ids);
    }
  });

  test('is rewritten at open: removed messages take no space', async () => {
    const journal = await fill(...Array.from({ length: 100 }, (_, n) => [message(n)]));
    for (let n = 0; n < 99; n += 1) journal.append([{ kind: 'remove', message: message(n) }]);
    journal.flush();
    journal.close();
    const before = statSync(path).size;
    await reopened();
    expect(statSync(path).size).toBeLessThan(before / 50);
  });

  test('starts over in place when it is long and holds nothing', async () => {
    const large = { ...message(1), body: Buffer.alloc(17 * 1024 * 1024) };
    const journal = await fill([large]);
    journal.append([{ kind: 'remove', message: large }]);
    journal.flush();
    expect(statSync(path).size).toBe(0);
    journal.append([{ kind: 'add', message: message(2) }]);
    journal.flush();
    journal.close();
    expect((await reopened()).map(({ id }) => id)).toEqual(['m2']);
  });

  test('refuses a file that is no journal and leaves it as it is', async () => {
    writeFileSync(path, 'something\nelse entirely\n\n');
    appendFileSync(path, '\0');
    await expect(Journal.open(path)).rejects.toMatchObject({ code: 'STOMP_FRAME_MALFORMED' });
    expect(readFileSync(path, 'utf8')).toContain('else entirely');
  });
});
