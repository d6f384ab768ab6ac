import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildProgram, freePort, startChildProgram } from '@podips/simulation';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

const PATIENCE = { timeout: 45_000, interval: 100 };

let port: number;
let run: ChildProgram;
let lines: string[];
const launched: ChildProgram[] = [];
beforeAll(async () => {
  port = await freePort();
  lines = [];
  run = launch(['--port', String(port)], (line) => lines.push(line));
});
afterAll(() => Promise.all(launched.map((child) => child.stop())));

function launch(
  args: readonly string[],
  onLine: (line: string) => void = () => undefined,
  env: NodeJS.ProcessEnv = {},
): ChildProgram {
  const program = 'packages/simulation/dist/local/main.js';
  const child = startChildProgram({ name: 'local run', program, args, env, onLine });
  launched.push(child);
  return child;
}

/** The lights of the four operations on the dashboard, in the order in which data flows. */
async function lights(of = port): Promise<(string | undefined)[]> {
  const response = await fetch(`http://127.0.0.1:${of}/`);
  const page = await response.text();
  const operations = /<ol class="operations">.*?<\/ol>/s.exec(page)?.[0] ?? '';
  return [...operations.matchAll(/class="light (\w+)"/g)].map(([, light]) => light);
}

/** The lights that are red, by their names in the API, that of the ledger included. */
async function redLights(of: number): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${of}/api/v1/status`);
  type Shown = { readonly operation: string; readonly light: string };
  // The schema of the answer is tested elsewhere.
  const { operations, ledgerLight } = (await response.json()) as { operations: Shown[]; ledgerLight: Shown };
  return [...operations, ledgerLight]
    .filter(({ light }) => light === 'red')
    .map(({ operation }) => operation);
}

/** How many messages the last tally says have arrived. */
function arrivedByTally(): number {
  const tally = lines.findLast((line) => line.includes(' arrived'));
  return Number(/(\d+) arrived/.exec(tally ?? '')?.[1] ?? 0);
}

/** The processes that a process has started, and theirs. */
function descendants(pid: number): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))]),
  );
  const childrenOf = (parent: number): number[] =>
    [...parents].filter(([, of]) => of === parent).flatMap(([child]) => [child, ...childrenOf(child)]);
  return childrenOf(pid);
}

/** The one process that this process has started with this in its command line. */
function childOf(pid: number, command: RegExp): number | undefined {
  return descendants(pid).find(
    (child) => parentOf(child) === pid && command.test(readFileSync(`/proc/${child}/cmdline`, 'utf8')),
  );
}

/** Undefined for a process that has ended or is about to. */
function parentOf(pid: number): number | undefined {
  try {
    // The name, in parentheses, may hold anything; state and parent follow it.
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return state === 'Z' ? undefined : Number(parent);
  } catch (err) {
    if (err instanceof Error && 'code' in err && (err.code === 'ENOENT' || err.code === 'ESRCH'))
      return undefined;
    throw err;
  }
}

describe('the local run', () => {
  it('prints where the dashboard is', async () => {
    await vi.waitFor(() => expect(lines.join('\n')).toContain(`http://127.0.0.1:${port}/`), PATIENCE);
  });

  it('shows four green lights once messages flow', async () => {
    await vi.waitFor(
      async () => expect(await lights()).toEqual(['green', 'green', 'green', 'green']),
      PATIENCE,
    );
  });

  it('reports more and more messages that arrive', async () => {
    await vi.waitFor(() => expect(arrivedByTally()).toBeGreaterThan(0), PATIENCE);
    const first = arrivedByTally();
    await vi.waitFor(() => expect(arrivedByTally()).toBeGreaterThan(first), PATIENCE);
  });

  it('refuses to start a second time on the same port, and says so', async () => {
    const second = launch(['--port', String(port)]);
    expect(await second.exited).toBe(1);
    const sentence = `port ${port} is taken; choose another one: npm start -- --port \\d+`;
    expect(second.output()).toMatch(new RegExp(`^local run: wrong settings:\\n  - ${sentence}$`));
    expect(await lights()).toHaveLength(4);
  });

  it.each([
    [['--port', '0', '--rate', 'fast'], /--port must be.*--rate must be/s],
    [['--speed'], /unknown: --speed; the flags are --chaos/],
  ])('ends with exit code 1 and says what is right for %j', async (args, message) => {
    const wrong = launch(args);
    expect(await wrong.exited).toBe(1);
    expect(wrong.output()).toMatch(message);
  });

  it('prints its options, and does nothing else, for --help', async () => {
    const help = launch(['--help']);
    expect(await help.exited).toBe(0);
    expect(help.output()).toMatch(/usage: npm start -- \[flags\].*--chaos/s);
  });

  it('shows three different red lights in the first three outages of chaos, and how many changes arrived', async () => {
    const chaoticPort = await freePort();
    const chaotic = launch(['--port', String(chaoticPort), '--chaos']);
    const [read, write, fluentd] = ['queue/read', 'queue/write', 'log'];
    for (const [name, ...expected] of [
      ['the queue', read, write],
      ['Fluentd', fluentd],
      ['the database', 'ledger'],
    ]) {
      await vi.waitFor(() => expect(chaotic.output()).toContain(`chaos: ${name} stops`), PATIENCE);
      const reds = new Set<string>();
      await vi.waitFor(async () => {
        for (const red of await redLights(chaoticPort)) reds.add(red);
        expect(chaotic.output()).toContain(`chaos: ${name} is back`);
      }, PATIENCE);
      expect([...reds].sort(), name).toEqual(expected.sort());
      await vi.waitFor(async () => expect(await redLights(chaoticPort)).toEqual([]), PATIENCE);
    }
    await chaotic.stop();
    expect(chaotic.output()).toMatch(/(\d+) changes happened, \1 arrived, none was lost\.$/m);
  });

  it('ends with exit code 0 at Ctrl-C, and leaves no process and no server behind', async () => {
    const { pid } = run;
    if (pid === undefined) throw new Error('the local run is not running');
    const processes = descendants(pid);
    // Four services and PostgreSQL with its helpers.
    expect(processes.length).toBeGreaterThan(5);
    // Ctrl-C in a terminal reaches the whole process group.
    process.kill(-pid, 'SIGINT');
    expect(await run.exited, run.output()).toBe(0);
    await vi.waitFor(
      () => expect(processes.filter((child) => parentOf(child) !== undefined)).toEqual([]),
      PATIENCE,
    );
    await expect(lights()).rejects.toThrow(/fetch failed/);
  });
});

describe('the local run after a part of it was killed', () => {
  let temp: string;
  let pid: number;
  let killed: ChildProgram;
  const reader = () => childOf(pid, /services\/reader/);
  const postgres = () => childOf(pid, /bin\/postgres/);
  beforeEach(async () => {
    // Only its owner can enter it. When that is root, PostgreSQL, which does not run as root, has its files in there all the same.
    temp = mkdtempSync(join(tmpdir(), 'podips local run '));
    killed = launch(['--port', String(await freePort())], undefined, { TMPDIR: temp });
    await vi.waitFor(() => expect(killed.output()).toContain('Dashboard'), PATIENCE);
    pid = killed.pid ?? Number.NaN;
  });
  afterEach(async () => {
    await killed.stop();
    rmSync(temp, { recursive: true });
  });

  /** Sends a signal to the whole process group, as a terminal does, and checks that nothing stays. */
  async function endsInOrderAt(signal: NodeJS.Signals): Promise<void> {
    const processes = descendants(pid);
    process.kill(-pid, signal);
    expect(await killed.exited, killed.output()).toBe(0);
    expect(processes.filter((child) => parentOf(child) !== undefined)).toEqual([]);
    expect(readdirSync(temp)).toEqual([]);
  }

  it('restarts a service, and stops gracefully when the terminal closes', async () => {
    const first = reader();
    process.kill(first ?? Number.NaN, 'SIGKILL');
    await vi.waitFor(
      () => expect(killed.output()).toContain('reader ended with SIGKILL; starting it again'),
      PATIENCE,
    );
    await vi.waitFor(() => expect(reader()).toBeGreaterThan(0), PATIENCE);
    expect(reader()).not.toBe(first);
    await endsInOrderAt('SIGHUP');
  });

  it('stops gracefully at Ctrl-C without its database server', async () => {
    process.kill(postgres() ?? Number.NaN, 'SIGKILL');
    await vi.waitFor(() => expect(postgres()).toBeUndefined(), PATIENCE);
    await endsInOrderAt('SIGINT');
  });
});
