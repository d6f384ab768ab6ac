import { isIP } from 'node:net';

const DEFANGED = /\[([.:]|dot)\]/gi;
const BRACKETS = /^\[([^\]]*)\](?::\d{1,5})?$/;
const WITH_PORT = /^([\d.]+):\d{1,5}$/;
const OF_NETWORK = /^([\d.]+(?=\/32$)|[\da-f:.]+(?=\/128$))/i;
/** Nothing else can be in an address, so most texts need no further look. */
const CHARACTERS = /^[\da-f:.[\]/dot]{2,60}$/i;

/**
 * One address, as logs and reports have it: in brackets as in a URL, with a port, as a network of one address, defanged.
 * @returns the address alone, or undefined when it is none
 */
export function readAddress(text: string): string | undefined {
  const trimmed = text.trim();
  if (!CHARACTERS.test(trimmed)) return undefined;
  if (isIP(trimmed) !== 0) return trimmed;
  const refanged = refang(trimmed);
  const [, inBrackets] = BRACKETS.exec(refanged) ?? [];
  const [, beforePort] = WITH_PORT.exec(refanged) ?? [];
  const [, ofNetwork] = OF_NETWORK.exec(refanged) ?? [];
  const ip = inBrackets ?? beforePort ?? ofNetwork ?? refanged;
  return isIP(ip) === 0 ? undefined : ip;
}

/** Reports write addresses so that nothing makes a link of them: `10[.]64[.]0[.]1`. */
export function refang(text: string): string {
  return text.replace(DEFANGED, (_, sign) => (sign === ':' ? ':' : '.'));
}

/** tcpdump writes a port as a fifth number: `10.64.0.1.443 > 10.64.0.9.5000: Flags`. */
const PORT = '(?=\\.\\d{1,5} > )|(?<= > [\\da-f:.]+)(?=\\.\\d{1,5}: )';
/** No word or version is around it: `1.2.3.4.5` is no address, nor is `Chrome/120.0.0.0`. */
const IPV4 = new RegExp(
  `(?<![\\w.]|\\b[A-Z][A-Za-z]*[a-z]/)\\d{1,3}(?:\\.\\d{1,3}){3}(?:(?!\\w|\\.\\d)|${PORT})`,
  'g',
);
const IPV6 = new RegExp(
  `(?<![\\w.:])(?:(?:[\\da-f]{0,4}:){2,7}\\d{1,3}(?:\\.\\d{1,3}){3}|[\\da-f]{0,4}(?::[\\da-f]{0,4}){2,7})(?:(?![\\w:]|\\.\\d)|${PORT})`,
  'gi',
);

/** The addresses in a line, each once, in their order; also defanged ones. @param limit how many at most */
export function addressesIn(text: string, limit: number): string[] {
  const line = refang(text);
  const long = [...line.matchAll(IPV6)].filter(([ip]) => isIP(ip) === 6);
  const isInside = (at: number) => long.some(({ 0: text, index }) => index < at && at < index + text.length);
  const short = [...line.matchAll(IPV4)].filter(({ 0: text, index }) => isIP(text) === 4 && !isInside(index));
  const inOrder = [...long, ...short].sort((one, other) => one.index - other.index);
  return [...new Set(inOrder.map(([text]) => text))].slice(0, limit);
}
