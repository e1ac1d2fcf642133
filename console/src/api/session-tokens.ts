import { failureOf, networkFailure } from './failure';

export type Account = { uuid: string; email: string; fullName: string };
export type Tokens = { accessToken: string; refreshToken: string };

/** Requests tokens, or revokes one. These requests carry no access token. */
export async function requestTokens(path: string, body: unknown): Promise<Tokens> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
    });
  } catch {
    throw networkFailure();
  }
  const content = await response.json().catch(() => null);
  if (!response.ok || !content?.data) throw failureOf(response, content);
  return content.data;
}

/** The admin and the lifetime in seconds that a token contains. Null if it is not readable. */
export function claimsOf(token: string): { account: Account; lifetime: number } | null {
  try {
    const payload = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const { user, iat, exp } = JSON.parse(new TextDecoder().decode(bytes));
    return {
      account: { uuid: user.uuid, email: user.email, fullName: user.full_name ?? user.email },
      lifetime: exp - iat,
    };
  } catch {
    return null;
  }
}
