import { PodipsError, toError } from '@podips/shared';

/** The API server, or the way to it, failed. */
export class KubeError extends PodipsError {
  /** HTTP status, or the code of a Status object; 503 when there was no answer, 504 when a deadline passed. */
  readonly status: number;
  /** How long the server asks us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    details: { status: number; retryAfterMs?: number | undefined; cause?: unknown },
  ) {
    super(code, message, { retryable: true, cause: details.cause });
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** The requested version or continue token is gone: only a new list can help. */
  get expired(): boolean {
    return this.status === GONE;
  }

  /** The server does not understand the requested version, and never will. */
  get unusable(): boolean {
    return this.status === BAD_REQUEST || this.status === UNPROCESSABLE;
  }
}

const BAD_REQUEST = 400;
export const UNAUTHORIZED = 401;
const GONE = 410;
const UNPROCESSABLE = 422;
export const TIMED_OUT = 504;

/** What is no error of the API server is a defect, and retried as one of its. */
export function asKubeError(err: unknown): KubeError {
  if (err instanceof KubeError) return err;
  const cause = toError(err);
  return new KubeError('KUBE_UNKNOWN', cause.message, { status: 500, cause });
}
