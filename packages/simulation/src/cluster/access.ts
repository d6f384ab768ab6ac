import { type ApiStatus, forbidden, unauthorized } from './api-status.js';
import type { RequestKind } from './fault-plan.js';

/** Who may ask. Without a token everybody is the administrator, unless the permission was taken away. */
export interface AccessRules {
  readonly token: string | undefined;
  readonly tokenExpired: boolean;
  readonly forbidden: boolean;
}

/** Why a request is refused: a wrong token, no permission, or undefined when it may pass. */
export function refusal(
  authorization: string | undefined,
  verb: RequestKind,
  rules: AccessRules,
): ApiStatus | undefined {
  if (rules.token !== undefined && authorization !== undefined) {
    if (rules.tokenExpired || authorization !== `Bearer ${rules.token}`) return unauthorized();
  } else if (rules.token !== undefined) return forbidden('system:anonymous', verb);
  return rules.forbidden ? forbidden('nobody', verb) : undefined;
}
