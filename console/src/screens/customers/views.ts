import { useAction } from '../../api/action';
import { useEdit } from '../../api/edit';
import { query as read } from '../../api/graphql';
import { call, rest, writeHeaders } from '../../api/rest';
import { navigate } from '../../router';
import { OwnViews, type View } from './queries';

/** The query of the URL as a view stores it: without the page and the view's own name. */
export function queryOf(params: URLSearchParams): string {
  const query = new URLSearchParams(params);
  for (const name of ['view', 'after', 'before']) query.delete(name);
  return query.toString();
}

const sorted = (query: string) => {
  const params = new URLSearchParams(query);
  params.sort();
  return params.toString();
};

/** Whether the list shows something else than the view. */
export const isChanged = (view: View, params: URLSearchParams) => sorted(view.query) !== sorted(queryOf(params));

/** Where a view opens. A link with the view's ID also contains its query, so that it works for other admins. */
export function viewPath({ uuid, query }: { uuid: string; query: string }): string {
  const params = new URLSearchParams(query);
  params.set('view', uuid);
  return `/customers?${params}`;
}

const refreshes = ['CustomerListFrame'];

export const useCreateView = (onSuccess: () => void) =>
  useAction({
    run: (body: { name: string; query: string }, { key }) =>
      call(rest.POST('/api/views', { body, headers: writeHeaders(key) })),
    refreshes,
    success: 'View saved',
    onSuccess: (view) => {
      onSuccess();
      void navigate(viewPath(view), { replace: true });
    },
    onFailure: (failure) => failure.code === 'validation_failed' || failure.code === 'conflict',
  });

export type ViewForm = { name: string; query: string };
const formOf = ({ name, query, version }: View) => ({ form: { name, query }, version });

/** The form of a view. Another tab, or another device, may change the view as well. */
export const useEditView = (view: View, options: { initial?: Partial<ViewForm>; success: string; onSuccess: () => void }) =>
  useEdit<ViewForm>({
    ...options,
    base: formOf(view),
    read: async () => {
      const current = (await read(OwnViews, {})).savedViews.find(({ uuid }) => uuid === view.uuid);
      return current ? formOf(current) : null;
    },
    write: ({ name, query }, headers) =>
      call(rest.PATCH('/api/views/{uuid}', { params: { path: { uuid: view.uuid } }, body: { name: name?.trim(), query }, headers })),
    refreshes,
  });

export const useDeleteView = (onSuccess: () => void) =>
  useAction({
    run: ({ uuid, version }: View, { key }) =>
      call(rest.DELETE('/api/views/{uuid}', { params: { path: { uuid } }, headers: writeHeaders(key, version) })),
    refreshes,
    success: 'View deleted',
    onSuccess,
  });
