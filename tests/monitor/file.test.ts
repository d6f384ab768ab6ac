import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { createLogger, openPool } from '@podips/shared';
import { databaseEnvironment, startProxy, type TcpProxy } from '@podips/simulation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getFrom } from '../support/ask-monitor.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase } from '../support/test-databases.js';

const POD = 'web-5cc97bc7d5-228ts';
const FILE = 'time,src\n2026-11-20 14:00:00,10.64.0.182\n';
const ROW = '2026-11-20 14:00:00,10.64.0.182\n';
const MIB = 1_048_576;

let monitor: MonitorProcess;
let proxy: TcpProxy;
beforeAll(async () => {
  const settings = await createDatabase();
  const database = openPool(settings, createLogger('test', 'silent'));
  await writeSampleLedger(database);
  await database.end();
  proxy = await startProxy({ host: settings.host, port: settings.port });
  monitor = await startMonitorProcess(databaseEnvironment({ ...settings, port: proxy.port }));
});
afterAll(async () => {
  await monitor?.destroy();
  await proxy?.stop();
});

function send(
  file: string | Buffer | undefined,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  // A form without a chosen file sends one without name and content.
  form.set(
    'file',
    new Blob(file === undefined ? [] : [file]),
    file === undefined ? '' : 'C:\\logs\\fw 1;x.csv.gz',
  );
  return fetch(`${monitor.url}/leases/file`, { method: 'POST', body: form, headers });
}

describe('a log file that is sent to the monitor', () => {
  it.each([
    ['as it is', FILE],
    ['compressed', gzipSync(FILE)],
  ])('%s comes back annotated, with a name of its own', async (_, file) => {
    const response = await send(file, { do: 'file' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="annotated-fw_1_x.csv"');
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(await response.text()).toBe(
      `time,src,src_pod,src_namespace,src_workload,src_node,src_verdict,src_reason\n${ROW.trimEnd()},${POD},shop,,node-3,pod,\n`,
    );
  });

  it('is shown with ten lines, and what was detected, when a preview is asked for', async () => {
    const file = `${FILE}${ROW.repeat(8)}2026-11-20 14:00:00,10.64.0.7\n2026-11-20 14:00:00,10.64.0.20\n`;
    const response = await send(file, { do: 'preview', tz: 'UTC', skew: '2s' });
    const page = await response.text();
    expect([response.status, response.headers.get('content-security-policy')]).toEqual([
      200,
      expect.stringContaining("form-action 'self'"),
    ]);
    expect(page).toContain('CSV, separated by commas, with a header');
    expect(page.match(/2026-11-20 14:00:00,10\.64/g)).toHaveLength(10);
    expect(page).not.toContain('10.64.0.20');
    expect(page).toContain('value="2s"');
  });

  it('is read in as many questions as it needs, without being held in memory', async () => {
    const rows = 40_000;
    const response = await send(gzipSync(`time,src\n${ROW.repeat(rows)}`), { do: 'file' });
    expect((await response.text()).match(/228ts/g)).toHaveLength(rows);
  });

  it.each<[string, number, string | Buffer | undefined, Record<string, string>, string]>([
    ['no file', 400, undefined, {}, 'Choose a log file'],
    ['text without addresses', 400, 'Dear all,\n', {}, 'No line has an IP address'],
    ['a workbook', 400, Buffer.from('PK\x03\x04\0'), {}, 'save the sheet as CSV'],
    ['a zone that does not exist', 400, FILE, { tz: 'Europe/Atlantis' }, 'This must be a time zone such as'],
    ['a skew that is none', 400, FILE, { skew: 'much' }, 'This must be a length of time'],
    ['a column that is not there', 400, FILE, { ip: 'dst' }, 'there is no column'],
    ['a format that is not known', 400, FILE, { format: 'xml' }, 'This must be one of csv'],
    ['a file that is too large', 413, Buffer.alloc(65 * MIB, 'x'), {}, 'It is larger than 64 MiB'],
  ])('%s: the page says what is wrong', async (_, status, file, fields, text) => {
    const response = await send(file, { do: 'file', ...fields });
    const page = await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      'text/html; charset=utf-8',
    ]);
    expect(page).toContain(text);
  });

  it('is refused from pages of other sites', async () => {
    const response = await send(FILE, { do: 'file' }, { origin: 'https://evil.example' });
    expect([response.status, await response.json()]).toEqual([403, { error: expect.any(String) }]);
  });

  it('ends with a broken download, never a short one, when the database goes away', async () => {
    // Random addresses make as many questions as lines, so that it takes many batches.
    const rows = Array.from(
      { length: 60_000 },
      (_, n) => `2026-11-20 14:00:00,10.${n >> 16}.${(n >> 8) & 255}.${n & 255}\n`,
    );
    const response = await send(`time,src\n${rows.join('')}`, { do: 'file' });
    const reader = response.body?.getReader();
    await reader?.read();
    await proxy.refuse(true);
    proxy.cut();
    const readAll = async () => {
      for (let next = await reader?.read(); next?.done === false; next = await reader?.read());
    };
    await expect(readAll()).rejects.toThrow();
    await proxy.refuse(false);
  });

  it('leaves nothing on disk, and no place taken', async () => {
    for (let n = 0; n < 6; n += 1) await (await send(FILE, { do: 'file' })).text();
    expect(readdirSync(monitor.dataDir).filter((name) => name.startsWith('upload-'))).toEqual([]);
  });
});

it('the address of the form leads to the page of the ledger', async () => {
  const response = await fetch(`${monitor.url}/leases/file`, { redirect: 'manual' });
  expect([response.status, response.headers.get('location')]).toEqual([302, '/leases#by-file']);
  expect((await getFrom(monitor, '/leases')).body).toContain('enctype="multipart/form-data"');
});
