import { MessageError, parseMessage } from '@podips/shared';

/** The line that the mock consumer prints of a message body: the JSON as it came, on one line, or what is wrong with it. */
export function messageLine(body: Uint8Array): string {
  const text = new TextDecoder().decode(body);
  try {
    parseMessage(body);
  } catch (err) {
    if (!(err instanceof MessageError)) throw err;
    return `bad message (${err.message}): ${JSON.stringify(text)}`;
  }
  // Inside JSON text a line break can only stand between tokens.
  return text.replace(/[\r\n]+/g, ' ').trim();
}
