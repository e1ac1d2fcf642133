import { useState } from 'react';
import type { Failure } from '../../api/failure';
import { Badge, type Tone } from '../../components/badge';
import { Button } from '../../components/button';
import type { Column } from '../../components/column';
import { Dialog } from '../../components/dialog';
import { FailureView } from '../../components/failure-view';
import { RefreshIcon } from '../../components/icons';
import { Table } from '../../components/table';
import { href } from '../../router';
import { ACTIONS, type BulkResult } from './bulk';
import { customerPath } from './columns';

type Row = BulkResult['results'][number];
const RESULTS: Record<Row['result'], { label: string; tone: Tone; order: number }> = {
  failed: { label: 'Failed', tone: 'bad', order: 0 },
  done: { label: 'Done', tone: 'good', order: 1 },
  unchanged: { label: 'Already so', tone: 'neutral', order: 2 },
};
/** So many rows are shown at first. */
const SHOWN = 50;

/** The result of each customer, the failed ones first. */
export function BulkReport({
  report,
  names,
  failure,
  onRetry,
  onClose,
}: {
  report: BulkResult;
  names: ReadonlyMap<string, string>;
  /** Of a retry. */
  failure: Failure | null;
  onRetry: (uuids: string[]) => void;
  onClose: () => void;
}) {
  const [isComplete, setComplete] = useState(false);
  const rows = report.results.toSorted((a, b) => RESULTS[a.result].order - RESULTS[b.result].order);
  const failed = rows.filter(({ result }) => result === 'failed').map(({ uuid }) => uuid);
  const isGone = report.action === 'delete';
  const columns: Column<Row>[] = [
    {
      id: 'customer',
      label: 'Customer',
      width: 20,
      cell: ({ uuid, result }) => {
        const name = names.get(uuid) ?? uuid;
        return isGone && result === 'done' ? (
          <bdi className="truncate">{name}</bdi>
        ) : (
          <a href={href(customerPath(uuid))} target="_blank" rel="noreferrer" className="truncate" dir="auto">
            {name}
          </a>
        );
      },
    },
    {
      id: 'result',
      label: 'Result',
      width: 26,
      phone: 'plain',
      cell: ({ result, message }) => (
        <>
          <Badge tone={RESULTS[result].tone}>{RESULTS[result].label}</Badge> {message && <span className="soft">{message}</span>}
        </>
      ),
    },
  ];
  const parts = [
    `${report.done.toLocaleString('en')} done`,
    report.unchanged > 0 && `${report.unchanged.toLocaleString('en')} already so`,
    report.failed > 0 && `${report.failed.toLocaleString('en')} failed`,
  ].filter(Boolean);
  return (
    <Dialog
      open
      title={`${ACTIONS[report.action].label.replace('…', '')}: ${parts.join(', ')}`}
      onClose={onClose}
      footer={
        <>
          {failed.length > 0 && (
            <Button icon={<RefreshIcon size={14} />} onClick={() => onRetry(failed)}>
              Retry {failed.length.toLocaleString('en')} failed
            </Button>
          )}
          <Button kind="primary" data-first onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      {failure && <FailureView failure={failure} />}
      <Table label="Results" columns={columns} rows={isComplete ? rows : rows.slice(0, SHOWN)} rowId={({ uuid }) => uuid} isEven />
      {!isComplete && rows.length > SHOWN && (
        <Button kind="plain" onClick={() => setComplete(true)}>
          Show all {rows.length.toLocaleString('en')}
        </Button>
      )}
    </Dialog>
  );
}
