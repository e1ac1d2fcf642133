/** A problem of one field. */
export type Detail = { field: string; message: string };

/** Why a request failed. `code` is for programs, `message` is for people, `requestId` finds the request in the server's log. */
export class Failure extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Detail[];
  readonly requestId: string | null;
  /** Seconds after which a retry makes sense. */
  readonly retryAfter: number | null;

  constructor(parts: {
    status: number;
    code: string;
    message: string;
    details?: Detail[];
    requestId?: string | null;
    retryAfter?: number | null;
  }) {
    super(parts.message);
    this.name = 'Failure';
    this.status = parts.status;
    this.code = parts.code;
    this.details = parts.details ?? [];
    this.requestId = parts.requestId ?? null;
    this.retryAfter = parts.retryAfter ?? null;
  }

  /** Whether the same request may succeed later without a change. */
  get isRetriable(): boolean {
    return this.code === 'network' || this.status >= 502 || this.status === 429 || this.status === 408;
  }

  /** Whether the server may have processed the request, so that a retry must repeat the idempotency key. */
  get isUncertain(): boolean {
    return this.code === 'network' || this.status >= 500 || this.status === 408;
  }

  /** The message for a field, by its name in the request. */
  field(name: string): string | undefined {
    return this.details.find((detail) => detail.field === name)?.message;
  }
}

export const networkFailure = () =>
  new Failure({
    status: 0,
    code: 'network',
    message: 'The server did not respond. Check your connection and try again',
  });

/** The user closed a dialog that the request was waiting for. */
export const cancelled = () => new Failure({ status: 0, code: 'cancelled', message: 'Cancelled' });

export const isCancelled = (error: unknown) => error instanceof Failure && error.code === 'cancelled';

/** Builds the failure that a response describes, in the format of REST or of GraphQL. */
export function failureOf(response: Response, body: unknown): Failure {
  const requestId = response.headers.get('X-Request-Id');
  const retryAfter = Number(response.headers.get('Retry-After')) || null;
  const { error, errors } = (body ?? {}) as {
    error?: { message?: string; code?: string; details?: Detail[]; request_id?: string };
    errors?: { message?: string; extensions?: { code?: string; request_id?: string } }[];
  };
  const [first] = errors ?? [];
  return new Failure({
    status: response.status,
    code: error?.code ?? first?.extensions?.code?.toLowerCase() ?? 'unknown_response',
    message:
      error?.message ??
      first?.message ??
      `The response (${response.status} ${response.statusText}) is not one of patron. There may be a proxy in between`,
    details: error?.details,
    requestId: error?.request_id ?? first?.extensions?.request_id ?? requestId,
    retryAfter,
  });
}

/** Every error as a failure. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure({
    status: 0,
    code: 'console',
    message: error instanceof Error ? error.message : 'Something unexpected happened in the console',
  });
}

const HINTS: Record<string, string> = {
  network: 'Nothing you typed is lost. Pages load again by themselves when the connection is back.',
  rate_limited: 'Too many requests. Wait a few seconds, then try again.',
  unavailable: 'The server is busy, or its database is unavailable. Try again in a few seconds.',
  internal: 'This is an error of the server. Give the operator the request ID below.',
  forbidden: 'Your account is not allowed to do this.',
  not_found: 'It may have been deleted. Reload the list.',
  precondition_failed: 'Another admin has changed it. Check the current values, then try again.',
  idempotency_mismatch: 'Reload the page, then try again.',
  unknown_response: 'Reload the page. If this continues, tell the operator.',
};

/** What the user can do about a failure; null where the message says it. */
export function hintFor(failure: Failure): string | null {
  if (failure.code === 'rate_limited' && failure.retryAfter) {
    return `Too many requests. Try again in ${failure.retryAfter} seconds.`;
  }
  // Any other message of the server says what to do.
  if (failure.code === 'unavailable' && failure.message !== 'The service is temporarily unavailable') return null;
  return HINTS[failure.code] ?? null;
}
