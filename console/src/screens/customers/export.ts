import type { CustomerFilter } from '../../api/generated/graphql';
import { download } from '../../api/transport';

export type ExportFormat = 'csv' | 'ndjson';
export type ExportProgress = { bytes: number; customers: number };

/** From this number of customers on, the file is written while it arrives, if the browser can. */
const LARGE = 50_000;

type SavePicker = (options: { suggestedName: string }) => Promise<{
  createWritable: () => Promise<WritableStream<Uint8Array<ArrayBuffer>>>;
}>;

/** The file to write to: undefined if the browser keeps the file in memory, null if the user chose none. */
async function target(name: string, total: number | undefined) {
  const picker = (window as { showSaveFilePicker?: SavePicker }).showSaveFilePicker;
  if (!picker || (total ?? LARGE) < LARGE) return undefined;
  try {
    return await (await picker({ suggestedName: name })).createWritable();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    return undefined;
  }
}

/** Downloads what the filter finds. Returns false if the user chose no file. */
export async function exportCustomers({
  format,
  filter,
  total,
  signal,
  onProgress,
}: {
  format: ExportFormat;
  filter: CustomerFilter | undefined;
  total: number | undefined;
  signal: AbortSignal;
  onProgress: (progress: ExportProgress) => void;
}): Promise<boolean> {
  const name = `customers.${format}`;
  const saveTo = await target(name, total);
  if (saveTo === null) return false;
  const query = new URLSearchParams({ format, ...(filter && { filter: JSON.stringify(filter) }) });
  let bytes = 0;
  let lines = 0;
  await download(`/api/customers/export?${query}`, name, {
    signal,
    saveTo,
    onPart: (part) => {
      bytes += part.length;
      // A customer is a line. Texts of several lines in a CSV file make the number a little too high.
      for (const byte of part) if (byte === 10) lines++;
      onProgress({ bytes, customers: lines });
    },
  });
  return true;
}
