/** Which setting is about an error of TLS, by its code in Node.js or OpenSSL. */
const SETTING_OF_ERROR: readonly (readonly [RegExp, string])[] = [
  [/^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF))/, '_CA_FILE'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, '_SERVER_NAME'],
  [
    /^ERR_SSL_.*ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|HANDSHAKE_FAILURE)/,
    '_CERT_FILE',
  ],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/, ''],
];

/**
 * What went wrong with a connection, in one line, with the setting to look at when it is TLS.
 * @param prefix of the peer's settings, as for `tlsClientSettings`
 */
export function explainConnectionError(error: Error & { readonly code?: unknown }, prefix: string): string {
  const code = String(error.code);
  const suffix = SETTING_OF_ERROR.find(([pattern]) => pattern.test(code))?.[1];
  return suffix === undefined ? textOf(error) : `${textOf(error)} (see ${prefix}_TLS${suffix})`;
}

function textOf(error: Error): string {
  // The error of a name whose addresses all failed has no text of its own.
  if (error instanceof AggregateError) return error.errors.map(({ message }) => message).join(', ');
  // OpenSSL's own words name its source files.
  return 'library' in error && 'reason' in error ? `TLS: ${error.reason}` : error.message;
}
