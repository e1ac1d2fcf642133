import { hintFor } from '../../api/failure';
import { Button } from '../../components/button';
import { InfoIcon, WarningIcon } from '../../components/icons';
import type { Report } from './editor';
import { useEditor } from './use-editor';

/** Why not everything is saved, in the bar with the button to save. */
export function SaveNotices() {
  const { state, editor } = useEditor();
  const { report, newer, isErased, conflict } = state;
  if (isErased || conflict) return null;
  return (
    <>
      {report && <ReportNotice report={report} />}
      {newer && (
        <div className="notice warn" role="status">
          <InfoIcon />
          <p className="notice-text">
            The customer was changed while you were editing. Your changes are kept, and nothing is overwritten.
          </p>
          <Button small onClick={() => editor.compare(newer) || editor.rebase(newer)}>
            Compare
          </Button>
        </div>
      )}
    </>
  );
}

/** What a save has saved and what not, and why. */
function ReportNotice({ report }: { report: Report }) {
  const { saved, open, failed, failure } = report;
  const hint = failure && hintFor(failure);
  return (
    <div className="notice bad" role="alert">
      <WarningIcon />
      <div className="notice-text">
        {saved.length > 0 && <p>Only a part was saved. What you typed is still here.</p>}
        {failure && (
          <p>
            {failed && (
              <>
                <bdi>{failed}</bdi>:{' '}
              </>
            )}
            {failure.message}
          </p>
        )}
        {saved.length > 0 && (
          <dl className="customer-report">
            <dt>Saved</dt>
            <dd dir="auto">{saved.join(' · ')}</dd>
            <dt>Not saved</dt>
            <dd dir="auto">{open.join(' · ')}</dd>
          </dl>
        )}
        {hint && <p className="soft">{hint}</p>}
        {failure?.requestId && (
          <p className="soft">
            Request <code>{failure.requestId}</code>
          </p>
        )}
      </div>
    </div>
  );
}
