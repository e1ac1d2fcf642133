import type { ReactNode } from 'react';

export type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'info';

/** A status in quiet letters, for lists in which most rows have it. */
export const Dot = ({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) => (
  <span className={`dot ${tone}`}>{children}</span>
);

/** A short status. The words carry the meaning, the colour only supports it. */
export const Badge = ({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) => (
  <span className={`badge ${tone}`}>{children}</span>
);
