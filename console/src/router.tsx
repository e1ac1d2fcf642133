import { type AnchorHTMLAttributes, createContext, type ReactNode, useContext } from 'react';
import { href, navigate, useLocation } from './location';

export { currentPath, href, navigate, useLocation, useSearch, useUnsavedGuard } from './location';

type LinkProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & { to: string };

/** A link within the console. Ctrl-click and the like work as for any link. */
export function Link({ to, onClick, ...rest }: LinkProps) {
  return (
    <a
      {...rest}
      href={href(to)}
      onClick={(event) => {
        onClick?.(event);
        if (event.defaultPrevented || isModified(event)) return;
        event.preventDefault();
        void navigate(to);
      }}
    />
  );
}

export const isModified = (event: {
  metaKey: boolean;
  ctrlKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  button?: number;
}) => event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || (event.button ?? 0) !== 0;

const Params = createContext<Record<string, string>>({});

/** The values of the `:names` in the path of the current route. */
export const useParams = () => useContext(Params);

export type Route = { path: string; element: ReactNode };

/** Shows the first route whose path matches. */
export function Routes({ routes, otherwise }: { routes: Route[]; otherwise: ReactNode }) {
  const { path } = useLocation();
  for (const route of routes) {
    const params = match(route.path, path);
    if (params) return <Params value={params}>{route.element}</Params>;
  }
  return otherwise;
}

export const matches = (pattern: string, path: string) => match(pattern, path) !== null;

function match(pattern: string, path: string): Record<string, string> | null {
  const parts = pattern.split('/');
  const given = path.split('/');
  if (parts.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [at, part] of parts.entries()) {
    const value = given[at]!;
    if (part.startsWith(':')) {
      try {
        params[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return params;
}
