const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const WEEKDAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
/** Fraction, zone, AM and whatever else is attached to a clock; a comma may also end it. */
const ATTACHED = '(?:,\\d+(?![\\d.,]))?[\\w.:+/-]*';
const AREAS =
  'Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US';
/** Abbreviations of zones. Other words in capitals are levels, methods and actions; so is GET, the one of Georgia. */
const ABBREVIATIONS = (
  'ACDT ACST ACT ACWST ADT AEDT AEST AFT AKDT AKST ALMT AMST AMT ANAT AQTT ART AST AWDT AWST AZT BDT BNT BOT BRST BRT BST BTT ' +
  'CAT CDT CEST CET CHST CLST CLT COT CST CVT EAT ECT EDT EEST EET EGT EST FET FJT FKT GFT GMT GST GYT HADT HAST HDT HKT HOVT HST ' +
  'ICT IDT IRDT IRKT IRST IST JST KGT KRAT KST LKT LHST MAGT MART MDT MESZ MEST MET MEZ MMT MSD MSK MST MUT MVT MYT NCT NDT ' +
  'NFT NOVT NPT NST NZDT NZST NZT OMST ORAT PDT PET PETT PGT PHT PKT PMST PST PYST PYT QYZT RET SAMT SAST SBT SCT SGT SRET SRT ' +
  'SST TFT TJT TLT TMT TOT TRT TVT UCT ULAT UT UTC UYT UZT VET VLAT VOLT VUT WAKT WAST WAT WEST WET WFT WGT WIB WIT WITA WST ' +
  'XJT YAKT YEKT Z Zulu'
).replaceAll(' ', '|');
/** Between a clock and what belongs to it: spaces of any kind, commas, brackets. */
const APART = '[^A-Za-z\\d]{1,6}';
const HALF_OF_DAY = `(?:${APART}[AaPp]\\.?[Mm]\\b\\.?)?`;
const OFFSET = '[ ,;|\\t]{1,2}[([]?[+-]\\d[\\d:]*';
const ZONE_WORD = `(?:${ABBREVIATIONS})(?![A-Za-z])[\\w+-]*|(?:${AREAS})/[\\w/+-]+`;
const ZONE = `(?:${OFFSET}|${APART}(?:(?:tz|(?:time)?zone)[=: ]+)?["']?(?:${ZONE_WORD}))?`;
const CLOCK = `\\d{1,2}:\\d\\d(?::\\d\\d)?${ATTACHED}${HALF_OF_DAY}${ZONE}`;
const WITH_YEAR = [
  '(?<!\\d)\\d{4}[-/]\\d\\d[-/]\\d\\d(?:T| +)',
  `(?<![\\d/])\\d{1,2}/${MONTH}/\\d{4}:`,
  `(?:\\b${WEEKDAY}, +)?(?<![\\d.])\\d{1,2} ${MONTH} \\d{4} +`,
  `(?:\\b${WEEKDAY} +)?(?<!\\w|\\d[ ./-])${MONTH} +\\d{1,2} \\d{4} +`,
].join('|');
const WITHOUT_YEAR = `(?:\\b${WEEKDAY} +)?(?<!\\w|\\d[ ./-])${MONTH} +\\d{1,2} +`;
/** Fortinet, whose fields are in quotes or not. */
const FIELDS = '(?<![\\w-])date="?(?<date>[^\\s",]+)"?[ ,]+time="?(?<clock>[^\\s",]+)"?';
/** Squid and tcpdump begin their lines with it. */
const EPOCH = '^(?:\\d{10}(?:\\.\\d+)?|\\d{13})(?![\\w.-])';
const TIME = new RegExp(
  `${FIELDS}|(?:${WITH_YEAR})${CLOCK}|${WITHOUT_YEAR}${CLOCK}(?: (?:19|20)\\d\\d(?!\\w|[.:/-]\\d))?|${EPOCH}`,
);
const NUMBER = /^\d+$/;
const SHORT_OFFSET = /[^\w.:][+-]\d{1,2}$/;
const ZONE_FIELD = /(?<=[\s,])(?:tz|timezone)="?([^\s",]+)/;
/** A clock, a date and a clock in another notation, a date alone, seconds and milliseconds since the epoch, TAI64N. */
const LOOKS_LIKE_TIME = new RegExp(
  [
    '(?<![\\d:.A-SU-Za-su-z])(?:[01]?\\d|2[0-4]):[0-5]\\d(?::[0-5]\\d)?(?!\\d|:?[\\w:])',
    '(?<!\\d)(?:19|20)\\d\\d[-/.]?(?:0[1-9]|1[0-2])[-/.]?(?:0[1-9]|[12]\\d|3[01])[-_T. ]*(?:[01]\\d|2[0-4])[.:h]?[0-5]\\d',
    '(?<![\\w./-])(?:\\d{4}[-/]\\d\\d[-/]\\d\\d|\\d{1,2}[./-]\\d{1,2}[./-]\\d{4})(?![\\w/-]|\\.\\d)',
    '(?<!\\w)@[\\da-f]{16,24}\\b',
    '(?<![\\w.-])1\\d{9}(?:\\d{3}|\\.\\d{1,9})?(?![\\w.])',
  ].join('|'),
);

const NAMES_ZONE = new RegExp(`(?<![A-Za-z])(?:${ZONE_WORD}|utc|gmt)(?![A-Za-z])|^[+-]\\d`);

/** The text that is the time of a line, with all that may belong to it; not every such text can be read. */
export interface TimeInLine {
  readonly text: string;
  /** False: it looks like one, but in no notation of lines. A time further on may be another's. */
  readonly isKnown: boolean;
}

/** Finds the first time of a line. @returns undefined when nothing looks like one */
export function timeIn(line: string): TimeInLine | undefined {
  const found = TIME.exec(line);
  const alike = LOOKS_LIKE_TIME.exec(line);
  if (alike !== null && (found === null || alike.index < found.index))
    return { text: alike[0], isKnown: false };
  if (found === null) return undefined;
  // A number alone may be an identifier; one with a sign is an offset only with minutes, or without a space.
  const isDoubtful = NUMBER.test(found[0]) && LOOKS_LIKE_TIME.test(line.slice(found[0].length));
  if (isDoubtful || SHORT_OFFSET.test(found[0])) return { text: found[0], isKnown: false };
  const { date, clock } = found.groups ?? {};
  if (date === undefined) return { text: trimmed(found[0]), isKnown: true };
  const zone = ZONE_FIELD.exec(line)?.[1];
  return { text: [date, clock, zone].filter(Boolean).join(' '), isKnown: true };
}

/** Signs that end a clock are not of it: `14:05:00+01:00: DROP`. */
function trimmed(text: string): string {
  return text.replace(/[.:/-]+$/, '').replace(/[;|\t]|(?<=\d),(?!\d)/g, ' ');
}

/** Whether a text is, or has beside other words, one that names a zone. */
export function namesZone(text: string): boolean {
  return NAMES_ZONE.test(text);
}
