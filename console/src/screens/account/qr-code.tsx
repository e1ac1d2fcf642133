import encode from 'qr';
import { useMemo } from 'react';

/** Empty modules around the code, as the standard asks. */
const MARGIN = 4;

/** A QR code as SVG: one path, whatever the theme dark on white, because apps don't read inverted codes. */
export default function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => pathOf(text), [text]);
  return (
    <svg className="account-qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges">
      <rect width={size} height={size} className="account-qr-ground" />
      <path d={path} className="account-qr-modules" />
    </svg>
  );
}

/** The dark modules as a path: each run of a row is a rectangle. */
function pathOf(text: string): { size: number; path: string } {
  const rows = encode(text, 'raw', { ecc: 'medium', border: MARGIN });
  const parts: string[] = [];
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const start = x;
      while (row[x]) x++;
      parts.push(`M${start} ${y}h${x - start}v1h-${x - start}z`);
    }
  }
  return { size: rows.length, path: parts.join('') };
}
