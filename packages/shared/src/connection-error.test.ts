import { describe, expect, it } from 'vitest';
import { explainConnectionError } from './connection-error.js';

const errorWith = (message: string, fields: object) => Object.assign(new Error(message), fields);

describe('an error of a connection', () => {
  it('names each address of a name that refused it', () => {
    const refused = ['127.0.0.2:1', '127.0.0.3:1'].map((at) => new Error(`connect ECONNREFUSED ${at}`));
    expect(explainConnectionError(new AggregateError(refused), 'PEER')).toBe(
      'connect ECONNREFUSED 127.0.0.2:1, connect ECONNREFUSED 127.0.0.3:1',
    );
  });

  it.each([
    [
      "OpenSSL's, without its source files",
      errorWith('40BD:error:0A000410:SSL routines:ssl3_read_bytes:handshake failure:../deps/s3.c:918:\n', {
        code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
        library: 'SSL routines',
        reason: 'ssl/tls alert handshake failure',
      }),
      'TLS: ssl/tls alert handshake failure (see PEER_TLS_CERT_FILE)',
    ],
    [
      'an unknown authority',
      errorWith('unable to verify the first certificate', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }),
      'unable to verify the first certificate (see PEER_TLS_CA_FILE)',
    ],
    [
      'another name',
      errorWith("does not match certificate's altnames", {
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
        reason: 'IP',
      }),
      "does not match certificate's altnames (see PEER_TLS_SERVER_NAME)",
    ],
    ['none of TLS', errorWith('read ECONNRESET', { code: 'ECONNRESET' }), 'read ECONNRESET'],
  ])('that is %s names the setting', (_, error, text) => {
    expect(explainConnectionError(error, 'PEER')).toBe(text);
  });
});
