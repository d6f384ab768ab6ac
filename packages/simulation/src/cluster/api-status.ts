/** A `Status` object: how the API server says that something went wrong. Fields stand as the real server writes them. */
export interface ApiStatus {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: { readonly continue?: string };
  readonly status: 'Failure';
  readonly message: string;
  readonly reason: string;
  readonly details: object | undefined;
  readonly code: number;
}

interface StatusParts {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: object;
  readonly continueToken?: string;
}

export function apiStatus({ code, reason, message, details, continueToken }: StatusParts): ApiStatus {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: continueToken === undefined ? {} : { continue: continueToken },
    status: 'Failure',
    message,
    reason,
    details,
    code,
  };
}

const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. ' +
  'You can start a new list without the continue parameter, or use the continue token in this response to retrieve ' +
  'the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that ' +
  'were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

export const unauthorized = () => apiStatus({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });

export const forbidden = (user: string, verb: 'list' | 'watch', namespace?: string) =>
  apiStatus({
    code: 403,
    reason: 'Forbidden',
    message: `pods is forbidden: User "${user}" cannot ${verb} resource "pods" in API group "" ${namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`}`,
    details: { kind: 'pods' },
  });

export const notFound = () =>
  apiStatus({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  });

export const badRequest = (message: string) => apiStatus({ code: 400, reason: 'BadRequest', message });

export const methodNotAllowed = () =>
  apiStatus({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });

export const expiredWatch = (asked: number, compacted: number) =>
  apiStatus({
    code: 410,
    reason: 'Expired',
    message: `too old resource version: ${asked} (${compacted})`,
  });

export const expiredList = () =>
  apiStatus({
    code: 410,
    reason: 'Expired',
    message: 'The resourceVersion for the provided list is too old.',
  });

export const expiredContinue = (continueToken: string) =>
  apiStatus({ code: 410, reason: 'Expired', message: CONTINUE_EXPIRED, continueToken });

export const tooLargeVersion = (asked: number, current: number) =>
  apiStatus({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });

/** 422 for list options that do not go together; each cause says why `resourceVersionMatch` is forbidden. */
export function invalidVersionMatch(...causes: string[]): ApiStatus {
  const field = 'resourceVersionMatch';
  const texts = causes.map((cause) => `${field}: Forbidden: ${cause}`);
  const list = texts.length === 1 ? texts.join() : `[${texts.join(', ')}]`;
  return apiStatus({
    code: 422,
    reason: 'Invalid',
    message: `ListOptions.meta.k8s.io "" is invalid: ${list}`,
    details: {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
      causes: causes.map((cause) => ({
        reason: 'FieldValueForbidden',
        message: `Forbidden: ${cause}`,
        field,
      })),
    },
  });
}

const REASONS: Readonly<Record<number, string>> = {
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** A failure of the server itself, for faults. */
export function serverFailure(code: number, message = 'simulated failure'): ApiStatus {
  return apiStatus({ code, reason: REASONS[code] ?? 'Unknown', message });
}
