import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createLogger, openPool } from '@podips/shared';
import { databaseEnvironment, startProxy, type TcpProxy } from '@podips/simulation';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { runPodips, startPodips } from '../support/podips.js';
import { writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase } from '../support/test-databases.js';

let monitor: MonitorProcess;
let proxy: TcpProxy;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'podips-annotate-'));
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
  rmSync(dir, { recursive: true, force: true });
});

const EPOCH = Date.parse('2026-11-20T14:00:00Z') / 1_000;
const POD = 'web-5cc97bc7d5-228ts';
const NEXT_POD = 'web-5cc97bc7d5-x7k2p';
const env = () => ({ PODIPS_URL: monitor.url });
const annotate = (input: string | Buffer, ...args: string[]) =>
  runPodips(['annotate', ...args], env(), input);

const FILES: Readonly<Record<string, string>> = {
  csv: 'time,src\n2026-11-20 14:00:00,10.64.0.182\n',
  tsv: 'time\tsrc\n2026-11-20 14:00:00\t10.64.0.182\n',
  jsonl: '{"time":"2026-11-20T14:00:00Z","src":"10.64.0.182"}\n',
  zeek: `#separator \\x09\n#fields\tts\tid.orig_h\tduration\n#types\ttime\taddr\tinterval\n${EPOCH}.5\t10.64.0.182\t60.5\n`,
  eve: '{"timestamp":"2026-11-20T15:00:00.000000+0100","event_type":"alert","src_ip":"10.64.0.182","dest_ip":"8.8.8.8"}\n',
  vpc: `2 123456789010 eni-1235b8ca 10.64.0.182 8.8.8.8 1 2 6 20 4249 ${EPOCH} ${EPOCH + 60} ACCEPT OK\n`,
  plain: 'Nov 20 14:00:00 fw kernel: DROP SRC=10.64.0.182 DST=8.8.8.8\n',
};

describe('podips annotate', () => {
  it.each(Object.entries(FILES))('names the pod in a file of the format %s', async (format, file) => {
    const { code, stdout, stderr } = await annotate(file, '--json');
    expect([code, stdout]).toEqual([0, expect.stringContaining(POD)]);
    const lines = file.trimEnd().split('\n');
    for (const [n, line] of stdout.trimEnd().split('\n').entries())
      expect(line.startsWith((lines[n] ?? '').replace(/\}$/, ''))).toBe(true);
    expect(JSON.parse(stderr)).toMatchObject({
      format,
      lines: lines.length,
      unreadable: 0,
      verdicts: { pod: 1 },
    });
  });

  it('reads a file that is compressed, and writes one that has its name only when it is complete', async () => {
    const [source, target] = [join(dir, 'in.csv.gz'), join(dir, 'out.csv')];
    writeFileSync(source, gzipSync(FILES.csv ?? ''));
    const { code, stdout } = await annotate('', source, '--output', target);
    expect([code, stdout, readFileSync(target, 'utf8')]).toEqual([0, '', expect.stringContaining(POD)]);
    expect(readdirSync(dir).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('gives each verdict, with the reason where it is not sure, and a summary', async () => {
    const rows = [
      ['14:00:00', '10.64.0.182', 'pod'],
      ['14:00:00', '192.168.0.5', 'node'],
      ['14:00:00', '10.64.0.99', 'nobody'],
      ['14:00:00', '8.8.8.8', 'outside'],
      ['14:05:20', '10.64.0.182', 'unsure'],
      ['15:35:00', '10.64.0.182', 'unsure'],
      ['18:30:00', '10.64.0.182', 'unsure'],
      ['14:00:00', 'a.example', ''],
    ] as const;
    const file = rows.map(([time, ip]) => `2026-11-20 ${time};${ip}\n`).join('');
    const { code, stdout, stderr } = await annotate(file);
    expect(code).toBe(0);
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(';').slice(6));
    expect(answers.map(([verdict]) => verdict)).toEqual(rows.map(([, , verdict]) => verdict));
    for (const [verdict, reason] of answers)
      expect(reason !== '').toBe(verdict === 'unsure' || verdict === '');
    expect(stderr).toMatch(
      / 8 {2}lines\n.* 7 {2}addresses\n.* 3 {2}not sure\n.* 1 {2}lines that could not be read\n +line 8: "a.example" is no address\n/s,
    );
  });

  it('reads all of a time, or nothing: the zone decides which of two pods it is', async () => {
    const lines = [
      ['2026-11-20 15:30:00.123 CET [1] LOG: connection from 10.64.0.182', NEXT_POD],
      ['2026-11-20T15:30:00+01:00: DROP 10.64.0.182', NEXT_POD],
      ['2026-11-20 14:30:00 UTC:10.64.0.182(38484):app@db:[1]:LOG', NEXT_POD],
      ['date=2026-11-20 time=09:30:00 tz="-0500" srcip=10.64.0.182', NEXT_POD],
      ['[Fri Nov 20 15:30:00.123456 2026] [client 10.64.0.182:4]', NEXT_POD],
      ['2026-11-20 09:30:00 EST 10.64.0.182', undefined],
      ['2026-11-20 03:30:00 PM 10.64.0.182', undefined],
      ['I1120 15:30:00.1 10.64.0.182 2026-11-20 15:00:00', undefined],
    ] as const;
    const file = lines.map(([line]) => `${line}\n`).join('');
    const { code, stdout, stderr } = await annotate(file, '--json', '--tz', 'Europe/Berlin');
    const pods = stdout
      .trimEnd()
      .split('\n')
      .map((line) => / pod=(\S+)/.exec(line)?.[1]);
    expect([code, pods]).toEqual([0, lines.map(([, pod]) => pod)]);
    expect(JSON.parse(stderr)).toMatchObject({ lines: 8, unreadable: 3, verdicts: { pod: 5 } });
  });

  it('asks for a minute, or with more skew, as a whole', async () => {
    const near = 'time,src\n2026-11-20 14:05,10.64.0.182\n';
    expect((await annotate(near)).stdout).toContain(',unsure,');
    const close = 'time,src\n2026-11-20 14:05:15,10.64.0.182\n';
    expect((await annotate(close)).stdout).toContain(POD);
    expect((await annotate(close, '--skew', '10s')).stdout).toContain(',unsure,');
  });

  it.each([
    ['a workbook', Buffer.from('PK\x03\x04\0'), [], 'save the sheet as CSV'],
    ['text', 'Dear all,\n', [], 'no line has an IP address'],
    [
      'a zone that does not exist',
      'x',
      ['--tz', 'Europe/Atlantis'],
      'there is no time zone "Europe/Atlantis"',
    ],
    [
      'a column that is not there',
      FILES.csv ?? '',
      ['--ip', 'dst'],
      'there is no column "dst"; there are time, src',
    ],
    ['a column without addresses', FILES.csv ?? '', ['--ip', 'time'], 'column time has no addresses'],
    ['times of any day', FILES.csv ?? '', ['--time-format', 'HH:mm:ss'], '"HH:mm:ss", has no day'],
    ['a skew that is none', FILES.csv ?? '', ['--skew', 'much'], 'skew must be'],
    ['a file that is not there', '', ['/none.csv'], 'podips: /none.csv: no such file or directory\n'],
    ['a directory', '', ['/'], 'podips: /: is a directory\n'],
    [
      'a password file that is not there',
      '',
      ['--password-file', '/none'],
      'podips: --password-file: /none: no such file or directory\n',
    ],
    [
      'a file of authorities that is not there',
      '',
      ['--ca-file', '/none'],
      'podips: --ca-file: /none: no such file or directory\n',
    ],
    [
      'a name of a column that would act on the terminal',
      'time,\x1b]0;x\x07\x1b[2J\n2026-11-20 14:00:00,10.64.0.182\n',
      ['--ip', 'dst'],
      '\\u001b[2J',
    ],
    [
      'an output that cannot be',
      FILES.csv ?? '',
      ['--output', '/none/out.csv'],
      'podips: --output: /none/out.csv: no such file or directory\n',
    ],
  ])('%s: exits with 3, writes nothing, and says what is wrong', async (_, input, args, text) => {
    const { code, stdout, stderr } = await annotate(input, ...args);
    expect([code, stdout, stderr]).toEqual([3, '', expect.stringContaining(text)]);
    expect(stderr).not.toContain('\x1b');
  });

  it('exits with 3 for a file that is there, but cannot be read, also with an output', async () => {
    const path = join(dir, 'socket');
    const server = createServer().listen(path);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    for (const args of [[path], [path, '--output', join(dir, 'of-socket.csv')]]) {
      const { code, stderr } = await annotate('', ...args);
      expect([code, stderr]).toEqual([3, `podips: ${path}: no such device or address\n`]);
    }
  });

  it.each([['annotate'], ['gaps'], ['--help']])(
    'exits with 4 and says so when the disk is full: %s',
    async (command) => {
      const full = openSync('/dev/full', 'w');
      onTestFinished(() => closeSync(full));
      const { child, ended } = startPodips([command], env(), full);
      child.stdin.end(FILES.csv);
      const { code, stderr } = await ended;
      expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([4, expect.stringContaining('ENOSPC')]);
    },
  );

  it('exits with 4 when the output is not complete, whoever is to blame', async () => {
    let requests = 0;
    const server = createHttpServer((request, reply) => {
      requests += 1;
      if (requests > 1)
        return void reply.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"no"}');
      const inner = httpRequest(
        `${monitor.url}${request.url}`,
        { method: 'POST', headers: request.headers },
        (answer) => {
          reply.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(reply);
        },
      );
      request.pipe(inner);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    // A server that listens on a port has an address of this kind.
    const { port } = server.address() as AddressInfo;
    const { child, ended } = startPodips(['annotate'], { PODIPS_URL: `http://127.0.0.1:${port}` });
    child.stdin.write(FILES.csv);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.end('2026-11-20 14:01:00,10.64.0.182\n');
    const { code, stderr } = await ended;
    expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([
      4,
      'podips: the output ends after line 2: no',
    ]);
  });

  it('ends with an error as its last words when the database goes away, after whole lines only', async () => {
    const { child, ended } = startPodips(['annotate'], env());
    child.stdin.write(FILES.csv ?? '');
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await proxy.refuse(true);
    proxy.cut();
    child.stdin.end('2026-11-20 14:01:00,10.64.0.182\n');
    const { code, stdout, stderr } = await ended;
    await proxy.refuse(false);
    expect([code, stdout.split('\n').length - 1, stdout.endsWith('\n')]).toEqual([4, 2, true]);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^podips: the output ends after line 2: /);
  });

  it('waits for who reads slowly, and loses nothing', async () => {
    const rows = 60_000;
    const { child, ended } = startPodips(['annotate'], env());
    child.stdout.pause();
    child.stdin.end(`time,src\n${'2026-11-20 14:00:00,10.64.0.182\n'.repeat(rows)}`);
    // Nothing is read until it has filled the pipe and stands still.
    await new Promise((resolve) => child.stdout.once('readable', resolve));
    child.stdout.resume();
    const { code, stdout } = await ended;
    expect([code, stdout.match(/228ts/g)?.length]).toEqual([0, rows]);
  });

  it('stops without a word when its reader has seen enough', async () => {
    const { child, ended } = startPodips(['annotate'], env());
    child.stdin.write(`time,src\n${'2026-11-20 14:00:00,10.64.0.182\n'.repeat(60_000)}`);
    child.stdout.once('data', () => child.stdout.destroy());
    const { code, stderr } = await ended;
    expect([code === 0, stderr]).toEqual([false, '']);
  });
});
