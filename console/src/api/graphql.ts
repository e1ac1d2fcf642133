import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { asFailure, failureOf } from './failure';
import type { graphql as Typed } from './generated/gql';
import { requireSetup } from './session';
import { authorizedFetch, bodyOf } from './transport';

/**
 * Marks an operation for the code generator and gives it its types: `graphql(`query Groups { … }`)`. The operation is sent as
 * written, so fragments are not possible.
 */
export const graphql = ((source: string) => source) as unknown as typeof Typed;

/** The generated documents have these types; at run time each is the text of the operation. */
export interface Document<Result, Variables> {
  toString(): string;
  __apiType?: (variables: Variables) => Result;
}

/** The type of an operation's result: `ResultOf<typeof Groups>`. */
export type ResultOf<Operation> = Operation extends Document<infer Result, never> ? Result : never;

/** Milliseconds between attempts while the server does not respond. */
const RETRY = 8000;
const PATH = '/api/admin/graphql';

/** Runs a query. Throws a failure if the response has errors, even with partial data. */
export async function query<Result, Variables>(
  document: Document<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const response = await authorizedFetch(
    new Request(PATH, {
      method: 'POST',
      credentials: 'omit',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/graphql-response+json, application/json;q=0.9',
      },
      body: JSON.stringify({ query: String(document), variables }),
      signal,
    }),
  );
  const body = (await bodyOf(response)) as { data?: Result; errors?: unknown[] } | null;
  if (!response.ok || !body?.data || body.errors?.length) {
    const failure = failureOf(response, body);
    // With the status 200, because the fields for every admin are answered.
    if (failure.code === 'second_factor_setup_required') requireSetup();
    throw failure;
  }
  return body.data;
}

/** The options of a query, for useQuery, prefetchQuery and invalidation. The key is the operation's name and variables. */
export function graphqlOptions<Result, Variables>(document: Document<Result, Variables>, variables: Variables) {
  const name = /\b(?:query)\s+(\w+)/.exec(String(document))?.[1] ?? String(document);
  return queryOptions({
    queryKey: [name, variables],
    queryFn: ({ signal }) => query(document, variables, signal),
  });
}

type Options = {
  /** false: don't run yet. */
  enabled?: boolean;
  /** Shows the previous result while the next one loads, for pages and filters. */
  keepPrevious?: boolean;
  /** Milliseconds after which the query is repeated. */
  every?: number;
  /** Milliseconds for which a result needs no refetch. */
  staleTime?: number;
};

/** Runs a query while the component is mounted. The result of useQuery; its `error` is a Failure. */
export function useGraphql<Result, Variables>(
  document: Document<Result, Variables>,
  variables: NoInfer<Variables>,
  options: Options = {},
) {
  return useQuery({
    ...graphqlOptions(document, variables),
    enabled: options.enabled ?? true,
    placeholderData: options.keepPrevious ? keepPreviousData : undefined,
    // Without a connection to the server, the query is repeated until there is one.
    refetchInterval: ({ state }) => (asFailure(state.error).code === 'network' ? RETRY : (options.every ?? false)),
    ...(options.staleTime !== undefined && { staleTime: options.staleTime }),
  });
}
