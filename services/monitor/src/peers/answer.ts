import { fits } from '../schema/check.js';
import { Type } from '../schema/type.js';
import { LIGHTS, type Light, TOO_OLD } from '../status/lights.js';
import type { ClusterView } from '../view/status-view.js';

/** The state of a cluster, as its monitor reports it. */
export type PeerReport = Pick<ClusterView, 'headline' | 'operations'> & { readonly light: Light };

const MAX_HEADLINE_CHARS = 400;
const MAX_NAME_CHARS = 40;
const MAX_OPERATIONS = 10;

/** The shown part of a StatusView. No more is required, so that monitors of several versions are compatible. */
const StatusAnswer = Type.Object({
  worst: Type.Enum(LIGHTS),
  headline: Type.String(),
  operations: Type.Array(Type.Object({ name: Type.String(), light: Type.Enum(LIGHTS) })),
});

const ORIGINAL_ANSWERS: Readonly<Record<string, { readonly light: Light; readonly headline: string }>> = {
  success: { light: 'green', headline: 'Everything works.' },
  fail: { light: 'red', headline: 'An operation fails; its own page says which.' },
  [TOO_OLD]: {
    light: 'yellow',
    headline: 'No heartbeat for more than 5 minutes; its own page says of which operation.',
  },
};
const OriginalAnswer = Type.Object({ status: Type.String() });

/** Reads the answer to `GET /api/v1/status`. @returns undefined when it is something else */
export function readStatus(body: unknown): PeerReport | undefined {
  if (!fits(StatusAnswer, body)) return undefined;
  return {
    light: body.worst,
    headline: cut(body.headline, MAX_HEADLINE_CHARS),
    operations: body.operations
      .slice(0, MAX_OPERATIONS)
      .map(({ name, light }) => ({ name: cut(name, MAX_NAME_CHARS), light })),
  };
}

/** Reads the answer to `GET /podips/all`, all that podips 1.1 offers. @returns undefined when it is something else */
export function readOriginal(body: unknown): PeerReport | undefined {
  if (!fits(OriginalAnswer, body)) return undefined;
  const found = Object.entries(ORIGINAL_ANSWERS).find(([status]) => status === body.status)?.[1];
  return found && { ...found, operations: [] };
}

/** Cuts a text of another monitor, which is as untrusted as that of a heartbeat. */
function cut(text: string, maxChars: number): string {
  return [...text.slice(0, 2 * maxChars)].slice(0, maxChars).join('');
}
