import { type ApiStatus, unauthorized } from './api-status.js';

/** Who may ask. Without a token every client is the administrator, unless the permission was withdrawn. */
export interface AccessRules {
  readonly token: string | undefined;
  readonly tokenExpired: boolean;
}

/**
 * Why a request is refused: a wrong token, no permission, or undefined when it may pass.
 * @param withdrawn whether the permission for this kind of request was withdrawn
 * @param forbidden the answer to a user who may not
 */
export function refusal(
  authorization: string | undefined,
  rules: AccessRules,
  withdrawn: boolean,
  forbidden: (user: string) => ApiStatus,
): ApiStatus | undefined {
  if (rules.token !== undefined && authorization !== undefined) {
    if (rules.tokenExpired || authorization !== `Bearer ${rules.token}`) return unauthorized();
  } else if (rules.token !== undefined) return forbidden('system:anonymous');
  return withdrawn ? forbidden('nobody') : undefined;
}
