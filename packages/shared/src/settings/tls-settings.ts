import {
  EnvError,
  makeValidator,
  type OptionalValidatorSpec,
  type RequiredValidatorSpec,
  str,
} from 'envalid';
import { toError } from '../errors.js';
import { readCertificates, readPrivateKey, type TlsSettings } from '../tls-client.js';
import type { Rule } from './read-settings.js';
import { bool } from './validators.js';

type FileOrName<P extends string> = `${P}_TLS_${'CA_FILE' | 'CERT_FILE' | 'KEY_FILE' | 'SERVER_NAME'}`;
type TlsSpecs<P extends string> = Record<`${P}_TLS`, RequiredValidatorSpec<boolean>> &
  Record<FileOrName<P>, OptionalValidatorSpec<string>>;
type TlsValues<P extends string> = { readonly [K in `${P}_TLS`]: boolean } & {
  readonly [K in FileOrName<P>]: string | undefined;
};

export interface TlsClientSettings<P extends string> {
  /** A part of a service's specs. */
  readonly specs: TlsSpecs<P>;
  /** Rules that span them, and a look at the files. */
  readonly rules: readonly Rule<TlsValues<P>>[];
  /** Undefined without TLS. */
  read(values: TlsValues<P>): TlsSettings | undefined;
}

const serverName = makeValidator<string>((input) => {
  if (!/^[A-Za-z0-9_.:-]{1,253}$/.test(input))
    throw new EnvError(`must be a host name or an IP address, but is "${input}"`);
  return input;
});

/**
 * The settings of TLS to one kind of peer: `<PREFIX>_TLS`, `<PREFIX>_TLS_CA_FILE`, `<PREFIX>_TLS_CERT_FILE`,
 * `<PREFIX>_TLS_KEY_FILE` and `<PREFIX>_TLS_SERVER_NAME`.
 * @param peer what the documentation calls the peer, with its article
 */
export function tlsClientSettings<P extends string>(prefix: P, peer: string): TlsClientSettings<P>;
export function tlsClientSettings(prefix: string, peer: string): TlsClientSettings<string> {
  const on = `${prefix}_TLS` as const;
  const ca = `${prefix}_TLS_CA_FILE` as const;
  const cert = `${prefix}_TLS_CERT_FILE` as const;
  const key = `${prefix}_TLS_KEY_FILE` as const;
  const name = `${prefix}_TLS_SERVER_NAME` as const;

  const checkFiles: Rule<TlsValues<string>> = (values, wrong) => {
    if (!wrong.has(on) && !values[on]) return [];
    const problems: string[] = [];
    const look = <T>(setting: FileOrName<string>, read: (path: string) => T): T | undefined => {
      const path = values[setting];
      try {
        return path === undefined ? undefined : read(path);
      } catch (err) {
        problems.push(`${setting} ${toError(err).message}`);
        return undefined;
      }
    };
    look(ca, readCertificates);
    const own = look(cert, readCertificates);
    const privateKey = look(key, readPrivateKey);
    if (own?.[0] && privateKey && !own[0].checkPrivateKey(privateKey))
      problems.push(`${key} must be the key of the first certificate in ${cert}, but is another one`);
    return problems;
  };

  return {
    specs: {
      [on]: bool({ default: false, desc: `TLS to ${peer}, with verification of its certificate` }),
      [ca]: file('PEM file of the authorities to trust, instead of those that Node.js trusts'),
      [cert]: file(
        `PEM file of the client certificate for ${peer}, and of those between it and its authority`,
      ),
      [key]: file(`PEM file of the private key of \`${cert}\``),
      [name]: serverName({
        default: undefined,
        desc: `name in the certificate of ${peer}, if it is not the host`,
      }),
    } as TlsSpecs<string>, // TypeScript gives all computed keys one type.
    rules: [
      ...[ca, cert, key, name].map((setting) => (values: TlsValues<string>) => {
        return values[on] || values[setting] === undefined ? [] : [`${setting} needs ${on}=true`];
      }),
      (values) => {
        const alone = [cert, key].filter((setting) => values[setting] !== undefined);
        const isPair = !values[on] || alone.length !== 1;
        return isPair ? [] : [`${cert} and ${key} need each other, but only ${alone} is set`];
      },
      checkFiles,
    ],
    read: (values) =>
      values[on]
        ? { caFile: values[ca], certFile: values[cert], keyFile: values[key], serverName: values[name] }
        : undefined,
  };
}

const file = (desc: string) => str({ default: undefined, desc });
