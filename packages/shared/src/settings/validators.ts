import { isIP } from 'node:net';
import { EnvError, makeValidator } from 'envalid';
import { SettingsError } from '../errors.js';
import { LOG_LEVELS, type LogLevel } from '../logger.js';

export const MAX_PORT = 65535;

/** A whole number within bounds, the bounds included. */
export function integer(min: number, max: number) {
  return makeValidator<number>((input) => {
    const value = Number(input);
    if (!/^\d+$/.test(input) || value < min || value > max)
      throw new EnvError(`must be a whole number from ${min} to ${max}, but is "${input}"`);
    return value;
  });
}

export const port = integer(1, MAX_PORT);

export const bool = makeValidator<boolean>((input) => {
  const value = readBool(input);
  if (value === undefined) throw new EnvError(notBool(input));
  return value;
});

/**
 * A boolean of the command line.
 * @throws {SettingsError} that names the flag
 */
export function parseBool(input: string, flag: string): boolean {
  const value = readBool(input);
  if (value === undefined) throw new SettingsError([`${flag} ${notBool(input)}`]);
  return value;
}

function readBool(input: string): boolean | undefined {
  const text = input.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(text)) return true;
  if (['false', '0', 'no', 'off'].includes(text)) return false;
  return undefined;
}

function notBool(input: string): string {
  return `must be true or false, but is "${input}"`;
}

/** As DNS and hosts files have them: letters, digits, hyphens, underscores; a dot at the end is fine. */
const NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;

/** Whether this is a host name or an IP address. */
export function isHost(text: string): boolean {
  return NAME.test(text) || isIP(text) !== 0;
}

export const hostName = makeValidator<string>((input) => {
  if (!isHost(input))
    throw new EnvError(`must be a host name or an IP address, but is "${withoutLogin(input)}"`);
  return input;
});

/** `host`, `host:port` or a whole http(s) URL; becomes a URL without a slash at its end. */
export const baseUrl = makeValidator<string>((input) => {
  const url = URL.parse(/^[a-z]+:\/\//i.test(input) ? input : `http://${input}`);
  if (!url || !['http:', 'https:'].includes(url.protocol) || !isHost(url.hostname.replace(/^\[|\]$/g, '')))
    throw new EnvError(`must be a host, host:port or http(s) URL, but is "${withoutLogin(input)}"`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new EnvError(`must be without login, ? and #, but is "${withoutLogin(input)}"`);
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
});

/** For messages about a text that may be a URL, or a part of one. */
export function withoutLogin(text: string): string {
  return text.replace(/^([a-z]+:\/\/)?.*@/i, '$1***@');
}

export const logLevel = makeValidator<LogLevel>((input) => {
  const level = LOG_LEVELS.find((known) => known === input);
  if (level === undefined) throw new EnvError(`must be one of ${LOG_LEVELS.join(', ')}, but is "${input}"`);
  return level;
});

/** A secret that is sent in a header. Its value never appears in what is said about it. */
export const bearerToken = makeValidator<string>((input) => {
  if (!/^[A-Za-z0-9._~+/-]{16,256}=*$/.test(input))
    throw new EnvError('must have 16 to 256 letters, digits or characters of ._~+/-');
  return input;
});
