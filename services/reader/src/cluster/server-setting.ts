import { SettingsError } from '@podips/shared';

/**
 * Refuses an API server's URL of which a part would not be used.
 * @param what the setting or field that has it
 * @throws {SettingsError} that does not repeat the URL, which may hold a secret
 */
export function checkServer(server: string, what: string): void {
  const url = URL.parse(server);
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new SettingsError([`${what} must be an http(s) URL`]);
  if (url.username !== '' || url.password !== '' || /[?#]/.test(server))
    throw new SettingsError([`${what} must be without a login, ? and #`]);
}
