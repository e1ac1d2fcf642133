import { Failure, failureOf, networkFailure } from './failure';
import { askForStepUp } from './prompts';
import { freshToken, refused, requireSetup } from './session';

/** How often a request is sent again after the user signed in or entered a code. */
const MAX_ROUNDS = 6;

/**
 * Sends a request as the signed-in admin.
 *
 * - 401: renews the token; if that is refused, the sign-in dialog opens in place. Then the request is sent again.
 * - 403 `step_up_required`: asks for the second factor, then the request is sent again.
 * - 403 `second_factor_setup_required`: the shell shows the enrolment, and the request fails.
 *
 * Throws a failure if there is no response, or if the user cancels. Any other response is returned.
 */
export async function authorizedFetch(request: Request): Promise<Response> {
  let refusals = 0;
  for (let round = 1; ; round++) {
    const token = await freshToken();
    const attempt = request.clone();
    attempt.headers.set('Authorization', `Bearer ${token}`);
    let response: Response;
    try {
      response = await fetch(attempt);
    } catch (error) {
      if (request.signal.aborted) throw error;
      throw networkFailure();
    }
    const isLast = round >= MAX_ROUNDS;
    if (response.status === 401 || response.status === 403) {
      const { code } = failureOf(response, await bodyOf(response.clone()));
      // A wrong code does not refuse the session.
      if (response.status === 401 && !code.startsWith('second_factor') && !isLast) {
        await refused(token, ++refusals > 1);
        continue;
      }
      if (code === 'step_up_required' && !isLast) {
        await askForStepUp();
        continue;
      }
      if (code === 'second_factor_setup_required') requireSetup();
    }
    return response;
  }
}

/** The parsed body, or null if it is not JSON. */
export const bodyOf = (response: Response): Promise<unknown> => response.json().catch(() => null);

/** Sends the request and returns the body of a success. Throws a failure otherwise. */
export async function request<T>(path: string, init: RequestInit): Promise<T> {
  const response = await authorizedFetch(new Request(path, { credentials: 'omit', ...init }));
  const body = await bodyOf(response);
  if (!response.ok || body === null) throw failureOf(response, body);
  return body as T;
}

type DownloadOptions = {
  /** Receives each part as it arrives. */
  onPart?: (part: Uint8Array) => void;
  signal?: AbortSignal;
  /** Where to write the parts, for files too large for memory; otherwise the browser saves the complete file. */
  saveTo?: WritableStream<Uint8Array<ArrayBuffer>>;
};

/** Downloads a file. Its name is that of the response, otherwise `fallbackName`. Nothing is saved if it is interrupted. */
export async function download(path: string, fallbackName: string, { onPart, signal, saveTo }: DownloadOptions = {}) {
  let response: Response;
  try {
    response = await authorizedFetch(new Request(path, { credentials: 'omit', signal }));
    if (!response.ok || !response.body) throw failureOf(response, await bodyOf(response));
  } catch (error) {
    await saveTo?.abort();
    throw error;
  }
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const writer = saveTo?.getWriter();
  try {
    for await (const chunk of response.body) {
      onPart?.(chunk);
      if (writer) await writer.write(chunk);
      else chunks.push(chunk);
    }
    await writer?.close();
  } catch (error) {
    await writer?.abort().catch(() => {});
    if (signal?.aborted) throw error;
    throw new Failure({
      status: 0,
      code: 'network',
      message: 'The download was interrupted, and no file was saved. Try again',
      requestId: response.headers.get('X-Request-Id'),
    });
  }
  if (writer) return;
  const name = /filename="?([^";]+)"?/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? fallbackName;
  const type = response.headers.get('Content-Type') ?? 'application/octet-stream';
  const url = URL.createObjectURL(new Blob(chunks, { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
