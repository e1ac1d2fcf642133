import { createContext, useContext } from 'react';
import { Skeleton } from '../../components/skeleton';

/** The number of customers by the ID of their group; undefined until counted. A context, so that the columns stay the same. */
export const Counts = createContext<Map<number, number> | undefined>(undefined);

export function Count({ id }: { id: number }) {
  const counts = useContext(Counts);
  return counts ? (counts.get(id)?.toLocaleString('en') ?? '–') : <Skeleton width={5} />;
}
