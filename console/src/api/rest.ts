import createClient from 'openapi-fetch';
import { asFailure, Failure, failureOf } from './failure';
import type { paths as Paths } from './generated/rest';
import { authorizedFetch } from './transport';

/** The REST API, typed by docs/openapi.json. Wrap each call in `call`, and pass `headers: writeHeaders(key)`. */
export const rest = createClient<Paths>({
  // A relative URL: the page sends requests only to its own server.
  baseUrl: '',
  fetch: authorizedFetch,
  credentials: 'omit',
});

/** Returns `data` of a successful response. Throws a failure otherwise. */
export async function call<Data>(
  result: Promise<{ data?: { data: Data }; error?: unknown; response: Response }>,
): Promise<Data> {
  let parts;
  try {
    parts = await result;
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new Failure({ status: 0, code: 'unknown_response', message: 'The response is not JSON' });
    }
    throw error instanceof DOMException ? error : asFailure(error);
  }
  if (!parts.response.ok || !parts.data) throw failureOf(parts.response, parts.error ?? parts.data);
  return parts.data.data;
}

/**
 * The headers of a change: the idempotency key of the action, and the version that the user has seen, if the change must
 * fail with 412 when another admin has changed it since.
 */
export const writeHeaders = (key: string, version?: number | string): Record<string, string> => ({
  'Idempotency-Key': key,
  ...(version !== undefined && { 'If-Match': `"${version}"` }),
});

/** A new idempotency key. crypto.randomUUID is missing on plain HTTP. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
