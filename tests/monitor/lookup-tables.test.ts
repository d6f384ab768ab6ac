import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, readDocument } from '../docs/documents.js';
import { getFrom } from '../support/ask-monitor.js';
import { type SampleMonitor, startSampleMonitor } from '../support/sample-monitor.js';

const AT = '2026-11-20T14:05:00.000';
const document = readDocument('docs/lookup.md');

let sample: SampleMonitor;
beforeAll(async () => {
  // Every row of a table is asked for.
  sample = await startSampleMonitor({ RATE_LIMIT_PER_SECOND: '100000' });
});
afterAll(() => sample?.stop());

describe('a lookup by its URL', () => {
  it.each([
    ['Graylog', encodeURIComponent(`10.64.0.182@${AT}+0000`)],
    ['Graylog, of IPv6', encodeURIComponent(`fd00::7@${AT}+0000`)],
    ['Logstash', `10.64.0.182@${AT}Z`],
    ['Logstash, of IPv6', `fd00::7@${AT}Z`],
    ['Logstash, of an event with nanoseconds', `10.64.0.182@${AT}000000Z`],
  ])('is answered as %s asks', async (_, key) => {
    const { status, body } = await getFrom(sample.monitor, `/lookup/${key}`);
    const [name] = Object.keys(JSON.parse(body));
    expect([status, name, JSON.parse(body).verdict]).toEqual([200, 'value', 'pod']);
    expect(JSON.parse(body).value).toMatch(/^shop\/(web-5cc97bc7d5-228ts|cart-0)$/);
  });
});

type Row = Readonly<Record<string, string>>;

async function timeline(): Promise<readonly Row[]> {
  const { body } = await getFrom(sample.monitor, '/api/v1/leases.csv?timeline=true');
  const [header = '', ...lines] = body.trimEnd().split('\n');
  const names = header.split(',');
  return lines.map((line) => {
    const values = line.split(',');
    return Object.fromEntries(names.map((name, n) => [name, values[n] ?? '']));
  });
}

const started = (row: Row) => Date.parse(row.started_at ?? '');
const ended = (row: Row) => Date.parse(row.ended_at ?? '');
/** Whole seconds, in milliseconds. */
const inSeconds = (ms: number) => Math.floor(ms / 1_000) * 1_000;
const latest = (rows: readonly Row[]) => rows.toSorted((a, b) => started(b) - started(a)).slice(0, 1);

/** Which rows of an address a reader takes for a time. */
const READERS: Readonly<Record<string, (rows: readonly Row[], ms: number) => readonly Row[]>> = {
  'the last that began, by whole seconds, and none in the second of a change, as the search of Splunk does': (
    rows,
    ms,
  ) =>
    rows
      .filter(({ started_epoch }) => Math.floor(Number(started_epoch)) <= ms / 1_000)
      .toSorted((a, b) => inSeconds(started(b)) - inSeconds(started(a)))
      .slice(0, 1)
      .filter((row) => started(row) <= ms && ms < inSeconds(ended(row))),
  'the last that began, as an ASOF join of DuckDB does': (rows, ms) =>
    latest(rows.filter((row) => started(row) <= ms)),
  'ranges with both ends, the one with the later beginning, as ClickHouse does': (rows, ms) =>
    latest(rows.filter((row) => started(row) <= ms && ms <= ended(row))),
  'ranges with both ends, and none where two match, as Vector does': (rows, ms) => {
    const matching = rows.filter((row) => started(row) <= ms && ms <= ended(row));
    return matching.length === 1 ? matching : [];
  },
};

describe('a reader of the timeline that takes', () => {
  it.each(Object.entries(READERS))('%s says what a lookup says', async (_, read) => {
    const byIp = Map.groupBy(await timeline(), ({ ip = '' }) => ip);
    let compared = 0;
    for (const [ip, rows] of byIp)
      for (const ms of rows.flatMap((row) => [started(row), started(row) + 1, ended(row) - 1])) {
        const [row] = read(rows, ms);
        // A reader that takes none has no answer.
        if (row === undefined || ms < 0) continue;
        const key = `${ip}@${new Date(ms).toISOString()}`;
        const { body } = await getFrom(sample.monitor, `/lookup/${key}?skew=0s`);
        const { verdict, pod, node } = JSON.parse(body);
        expect({ key, verdict: row.verdict, pod: row.pod, node: row.node }).toEqual({
          key,
          verdict,
          pod,
          node,
        });
        compared += 1;
      }
    expect(compared).toBeGreaterThan(40);
  });

  it('columns by their names finds those that the document names', async () => {
    const [row = {}] = await timeline();
    expect(document.spans).toContain(Object.keys(row).join(','));
  });
});

describe('Grafana', () => {
  const statements = blocksOf(document, 'text').filter((code) => code.includes('$__time'));

  it.each(statements)('can run %s', async (code) => {
    const podsOf = async (address: string) => {
      const statement = code
        .replaceAll('$' + '{address}', address)
        .replaceAll('$__timeFrom()', `'2026-11-20T13:59:00Z'`)
        .replaceAll('$__timeTo()', `'${AT}Z'`);
      const { rows } = await sample.database.query<{ pod: string }>(statement);
      return rows.map(({ pod }) => pod);
    };
    expect(await podsOf('10.64.0.182')).toEqual(['web-5cc97bc7d5-228ts']);
    // It began earlier, and lasts.
    expect(await podsOf('10.64.0.7')).toEqual(['cart-0']);
  });

  it('finds the leases of a range in JSON', async () => {
    expect(statements).toHaveLength(2);
    const range = `from=2026-11-20T13:00:00.000Z&to=${AT}Z`;
    const { body } = await getFrom(sample.monitor, `/api/v1/leases?ip=10.64.0.182&${range}`);
    expect(JSON.parse(body)).toMatchObject({ leases: [{ pod: 'web-5cc97bc7d5-228ts' }], reasons: [] });
  });
});
