import { PodipsError } from '@podips/shared';

const UNAVAILABLE = 503;

export interface FluentErrorDetails {
  /** What the monitor shows: an HTTP status, or the nearest one. Default 503. */
  readonly status?: number | undefined;
  readonly cause?: unknown;
  /** The link was up, but no chunk got through: what a new connection does not disprove. Default false. */
  readonly deaf?: boolean;
}

/** Fluentd, or the link to it, failed. */
export class FluentError extends PodipsError {
  readonly status: number;
  readonly deaf: boolean;

  constructor(code: string, message: string, { status, cause, deaf }: FluentErrorDetails = {}) {
    super(code, message, { retryable: true, cause });
    this.status = status ?? UNAVAILABLE;
    this.deaf = deaf ?? false;
  }
}
