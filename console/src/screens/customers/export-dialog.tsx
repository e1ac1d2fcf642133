import { useEffect, useRef, useState } from 'react';
import { asFailure, type Failure } from '../../api/failure';
import { Button } from '../../components/button';
import { Dialog, DialogButtons } from '../../components/dialog';
import { FailureView } from '../../components/failure-view';
import { toast } from '../../shell/toasts';
import { customersOf } from './bulk';
import { type ExportFormat, exportCustomers, type ExportProgress } from './export';
import { OptionList } from './option-list';
import type { CustomerList } from './use-list';

const FORMATS = [
  { value: 'csv', label: 'CSV, for spreadsheets' },
  { value: 'ndjson', label: 'NDJSON, for programs: a JSON object on each line' },
];
const megabytes = (bytes: number) =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1000).toLocaleString('en')} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;

/** Downloads what the list shows, on all pages. Closing the dialog cancels the download. */
export function ExportDialog({ list, total, onClose }: { list: CustomerList; total: number | undefined; onClose: () => void }) {
  const [format, setFormat] = useState<ExportFormat>('csv');
  const [progress, setProgress] = useState<ExportProgress | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const start = async () => {
    if (progress) return;
    const controller = new AbortController();
    abort.current = controller;
    setFailure(null);
    setProgress({ bytes: 0, customers: 0 });
    try {
      const isSaved = await exportCustomers({ format, filter: list.filter, total, signal: controller.signal, onProgress: setProgress });
      setProgress(null);
      if (!isSaved) return; // no file was chosen
      toast.success(total === undefined ? 'Customers exported' : `${customersOf(total)} exported`);
      onClose();
    } catch (error) {
      setProgress(null);
      if (!controller.signal.aborted) setFailure(asFailure(error));
    }
  };

  const what = total === undefined ? 'the customers' : customersOf(total);
  return (
    <Dialog
      open
      size="small"
      title={progress ? `Exporting ${what}…` : `Export ${what}`}
      onClose={onClose}
      onSubmit={() => void start()}
      footer={
        progress ? (
          <Button onClick={() => abort.current?.abort()}>Cancel the export</Button>
        ) : (
          <DialogButtons action="Export" onCancel={onClose} disabled={total === 0} />
        )
      }
    >
      {failure && <FailureView failure={failure} />}
      {progress ? (
        <>
          <progress
            className="progress"
            aria-label="Exported customers"
            value={total ? Math.min(progress.customers, total) : undefined}
            max={total || undefined}
          />
          <p className="soft" role="status">
            {progress.bytes ? `${megabytes(progress.bytes)} received` : 'Waiting for the server…'}
          </p>
        </>
      ) : (
        <>
          <p className="prose">
            {list.isFiltered ? 'All customers that the current search and filters find' : 'All customers'}, with all their data:
            addresses and custom fields too, whatever the columns show.
          </p>
          <OptionList label="Format" options={FORMATS} values={[format]} onChange={([next]) => setFormat(next as ExportFormat)} />
        </>
      )}
    </Dialog>
  );
}
