/** A time, as the clock of a zone shows it. Made by Intl, not by what reads it. */
export interface Clock {
  readonly ms: number;
  readonly zone: string;
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  readonly fraction: string;
  readonly weekday: string;
  /** Nov */
  readonly monthName: string;
  /** +01:00 */
  readonly offset: string;
  /** CET */
  readonly abbreviation: string;
}

/** Where the abbreviation of a zone is known. */
const LOCALES: Readonly<Record<string, string>> = { 'America/New_York': 'en-US', 'Asia/Kolkata': 'en-IN' };
const formats = new Map<string, Intl.DateTimeFormat>();

function partOf(ms: number, locale: string, options: Intl.DateTimeFormatOptions): string {
  const key = JSON.stringify([locale, options]);
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, format);
  const [name = ''] = Object.keys(options);
  return format.formatToParts(ms).find(({ type }) => type === name)?.value ?? '';
}

export function clockOf(ms: number, zone: string): Clock {
  const timeZone = { timeZone: zone };
  const part = (options: Intl.DateTimeFormatOptions) => partOf(ms, 'en-US', { ...options, ...timeZone });
  const two = (options: Intl.DateTimeFormatOptions) => part(options).padStart(2, '0');
  const offset = part({ timeZoneName: 'longOffset' }).replace('GMT', '');
  return {
    ms,
    zone,
    year: part({ year: 'numeric' }),
    month: two({ month: '2-digit' }),
    day: two({ day: '2-digit' }),
    hour: two({ hour: '2-digit', hourCycle: 'h23' }),
    minute: two({ minute: '2-digit' }),
    second: two({ second: '2-digit' }),
    fraction: String(ms % 1_000).padStart(3, '0'),
    weekday: part({ weekday: 'short' }),
    monthName: part({ month: 'short' }),
    offset: offset === '' ? '+00:00' : offset,
    abbreviation: partOf(ms, LOCALES[zone] ?? 'en-GB', { timeZoneName: 'short', ...timeZone }),
  };
}

export interface Notation {
  readonly name: string;
  write(clock: Clock): string;
  /** The clock alone is not the time: its zone has to be given. */
  readonly needsZone?: boolean;
  readonly hasNoYear?: boolean;
  /** It is never read, whatever is given. */
  readonly isRefused?: boolean;
}

const date = ({ year, month, day }: Clock) => `${year}-${month}-${day}`;
const time = ({ hour, minute, second }: Clock) => `${hour}:${minute}:${second}`;
const iso = (clock: Clock) => `${date(clock)} ${time(clock)}`;
const bare = ({ offset }: Clock) => offset.replace(':', '');
const twelve = ({ hour, minute, second }: Clock) =>
  `${String(Number(hour) % 12 || 12).padStart(2, '0')}:${minute}:${second} ${Number(hour) < 12 ? 'AM' : 'PM'}`;
const syslog = (clock: Clock) => `${clock.monthName} ${String(Number(clock.day)).padStart(2)} ${time(clock)}`;

export const NOTATIONS: readonly Notation[] = [
  { name: 'RFC 3339 in UTC', write: ({ ms }) => new Date(ms).toISOString() },
  { name: 'RFC 3339', write: (clock) => `${date(clock)}T${time(clock)}${clock.offset}` },
  {
    name: 'a short offset',
    write: (clock) => `${iso(clock)}.${clock.fraction}${clock.offset.replace(':00', '')}`,
  },
  { name: 'an offset apart', write: (clock) => `${iso(clock)} ${bare(clock)}` },
  { name: 'the name of the zone', write: (clock) => `${iso(clock)} ${clock.zone}` },
  { name: 'no zone', write: iso, needsZone: true },
  { name: 'minutes', write: (clock) => iso(clock).slice(0, -3), needsZone: true },
  { name: 'a fraction', write: (clock) => `${iso(clock)},${clock.fraction}`, needsZone: true },
  { name: 'slashes', write: (clock) => iso(clock).replaceAll('-', '/'), needsZone: true },
  { name: 'an abbreviation', write: (clock) => `${iso(clock)} ${clock.abbreviation}` },
  {
    name: 'an abbreviation in parentheses',
    write: (clock) => `${iso(clock)} (${clock.abbreviation})`,
    isRefused: true,
  },
  {
    name: 'a fraction and an abbreviation',
    write: (clock) => `${iso(clock)}.${clock.fraction} ${clock.abbreviation}`,
  },
  { name: 'AM and PM', write: (clock) => `${date(clock)} ${twelve(clock)}`, isRefused: true },
  {
    name: 'AM, PM and a zone',
    write: (clock) => `${date(clock)} ${twelve(clock)} ${bare(clock)}`,
    isRefused: true,
  },
  {
    name: 'common log format',
    write: (clock) => `${clock.day}/${clock.monthName}/${clock.year}:${time(clock)} ${bare(clock)}`,
  },
  {
    name: 'mail',
    write: (clock) =>
      `${clock.weekday}, ${clock.day} ${clock.monthName} ${clock.year} ${time(clock)} ${bare(clock)}`,
  },
  { name: 'syslog', write: syslog, needsZone: true, hasNoYear: true },
  {
    name: 'syslog with a zone',
    write: (clock) => `${syslog(clock)}.${clock.fraction} ${clock.abbreviation}`,
    hasNoYear: true,
  },
  {
    name: 'Cisco with a year',
    write: (clock) => syslog(clock).replace(/ (?=\d\d:)/, ` ${clock.year} `),
    needsZone: true,
  },
  { name: 'ctime', write: (clock) => `${clock.weekday} ${syslog(clock)} ${clock.year}`, needsZone: true },
  {
    name: 'date',
    write: (clock) => `${clock.weekday} ${syslog(clock)} ${clock.abbreviation} ${clock.year}`,
  },
  { name: 'year last, no weekday', write: (clock) => `${syslog(clock)} ${clock.year}`, isRefused: true },
  {
    name: 'month first',
    write: (clock) => `${clock.month}/${clock.day}/${clock.year} ${twelve(clock)}`,
    isRefused: true,
  },
  {
    name: 'day first',
    write: (clock) => `${clock.day}.${clock.month}.${clock.year} ${time(clock)}`,
    isRefused: true,
  },
  { name: 'klog', write: (clock) => `I${clock.month}${clock.day} ${time(clock)}.123456`, isRefused: true },
  {
    name: 'compact',
    write: (clock) => `${date(clock)}T${time(clock)}${clock.offset}`.replace(/[-:]/g, ''),
    isRefused: true,
  },
  { name: 'seconds', write: ({ ms }) => String(Math.floor(ms / 1_000)) },
  { name: 'milliseconds', write: ({ ms }) => String(ms) },
  { name: 'seconds with a fraction', write: ({ ms }) => (ms / 1_000).toFixed(6) },
];

export interface Layout {
  readonly name: string;
  readonly header?: string;
  write(time: string, ip: string): string;
  /** The notations that it can have; undefined: all. */
  readonly only?: RegExp;
  /** They are not read where they stand. */
  readonly not?: RegExp;
  /** The file has the columns of date, time and zone. */
  readonly isSplit?: boolean;
}

const ZEEK = [
  '#separator \\x09',
  '#path\tconn',
  '#fields\tts\tid.orig_h\tduration',
  '#types\ttime\taddr\tinterval',
];
const EPOCH = /seconds/;

export const LAYOUTS: readonly Layout[] = [
  { name: 'a line of a proxy', write: (at, ip) => `${at} ${ip} TCP_MISS/200 1234` },
  {
    name: 'a line of a firewall',
    write: (at, ip) => `${at} fw DROP SRC=${ip} since 2026-01-01 00:00:00 UTC`,
    not: /^(milli)?seconds$/,
  },
  {
    name: 'a line of an access log',
    write: (at, ip) => `${ip} - - [${at}] "GET /2026-11-20 HTTP/1.1"`,
    not: EPOCH,
  },
  { name: 'a line with a colon', write: (at, ip) => `<189>${at}: %SEC-6 from ${ip}, tz=+0900`, not: EPOCH },
  {
    name: 'a line with a comma',
    write: (at, ip) => `x ${at}, client ${ip} [Thu Nov 26 10:00:00 2026]`,
    not: EPOCH,
  },
  { name: 'CSV', header: 'time,src,seen', write: (at, ip) => `"${at}",${ip},2026-11-25 14:05:00` },
  { name: 'CSV without a header', write: (at, ip) => `"${at}";${ip};443`, not: /^(milli)?seconds$/ },
  { name: 'TSV', header: 'src\twhen', write: (at, ip) => `${ip}\t${at}` },
  { name: 'JSON lines', write: (at, ip) => JSON.stringify({ expires: '2026-11-30 10:00:00', ts: at, ip }) },
  {
    name: 'EVE',
    write: (at, ip) => JSON.stringify({ timestamp: at, event_type: 'dns', src_ip: ip, dest_ip: '8.8.8.8' }),
  },
  { name: 'Zeek', header: ZEEK.join('\n'), write: (at, ip) => `${at}\t${ip}\t-`, only: EPOCH },
  {
    name: 'Zeek as JSON',
    write: (at, ip) => `{"ts":${at},"id.orig_h":"${ip}","id.resp_h":"8.8.8.8"}`,
    only: EPOCH,
  },
];
