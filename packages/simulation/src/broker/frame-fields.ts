import type { Frame } from './frame.js';
import { StompError } from './stomp-error.js';

export const ACK_MODES = ['auto', 'client', 'client-individual'] as const;
export type AckMode = (typeof ACK_MODES)[number];

/** @throws {StompError} STOMP_HEADER_MISSING */
export function required({ command, headers }: Frame, name: string): string {
  const value = headers.get(name);
  if (value === undefined)
    throw new StompError('STOMP_HEADER_MISSING', `${command} needs the header "${name}"`);
  return value;
}

/** @throws {StompError} STOMP_DESTINATION_UNSUPPORTED */
export function queueOf(received: Frame): string {
  const destination = required(received, 'destination');
  if (!/^\/queue\/./.test(destination))
    throw new StompError('STOMP_DESTINATION_UNSUPPORTED', `only /queue/... is served, not ${destination}`);
  return destination;
}

/** @throws {StompError} STOMP_FRAME_MALFORMED for a value that is none of the choices */
export function choiceOf<T extends string, F extends T | undefined>(
  { headers }: Frame,
  name: string,
  choices: readonly T[],
  fallback: F,
): T | F {
  const value = headers.get(name);
  if (value === undefined) return fallback;
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined)
    throw new StompError('STOMP_FRAME_MALFORMED', `${name} is "${value}", not one of ${choices.join(', ')}`);
  return choice;
}

/** @throws {StompError} STOMP_FRAME_MALFORMED for what is no integer */
export function integerOf({ headers }: Frame, name: string): number | undefined {
  const text = headers.get(name);
  if (text !== undefined && !/^-?\d{1,9}$/.test(text))
    throw new StompError('STOMP_FRAME_MALFORMED', `${name} is "${text}"`);
  return text === undefined ? undefined : Number(text);
}

/** @throws {StompError} STOMP_FRAME_MALFORMED for what is no integer above 0 */
export function positiveInteger(received: Frame, name: string): number | undefined {
  const value = integerOf(received, name);
  if (value !== undefined && value < 1)
    throw new StompError('STOMP_FRAME_MALFORMED', `${name} is "${value}"`);
  return value;
}
