import { useEffect, useRef } from 'react';
import { Button, ButtonLink } from '../../components/button';
import { CopyButton } from '../../components/copy-button';
import { TrashIcon, WarningIcon } from '../../components/icons';
import { typedText } from './typed-text';
import { useEditor } from './use-editor';

/** What happened to the customer, above the form: it was erased, or a custom field was deleted. */
export function Notices() {
  const { state, editor } = useEditor();
  const { isErased, orphans } = state;
  const element = useRef<HTMLDivElement>(null);
  const isShown = isErased || orphans.length > 0;
  useEffect(() => {
    if (isShown) element.current?.scrollIntoView();
  }, [isShown]);
  return (
    <div ref={element} className="customer-notices">
      {isErased && <Erased />}
      {orphans.map(({ name, label, text }) => (
        <div key={name} className="notice warn" role="alert">
          <TrashIcon />
          <div className="notice-text">
            <p>
              The custom field “<bdi>{label}</bdi>” was deleted, so what you typed there can’t be saved:
            </p>
            <p className="customer-typed" dir="auto">
              {text || '–'}
            </p>
          </div>
          <Button small onClick={() => editor.dropOrphan(name)}>
            Dismiss
          </Button>
        </div>
      ))}
    </div>
  );
}

function Erased() {
  const { state } = useEditor();
  const typed = typedText(state.base, state.form);
  return (
    <div className="notice bad" role="alert">
      <WarningIcon />
      <div className="notice-text">
        <p>
          <strong>This customer has been erased.</strong> The page shows the last known state, and nothing can be saved.
        </p>
        {typed && (
          <>
            <p>What you typed and did not save:</p>
            <pre className="customer-typed" dir="auto" tabIndex={0}>
              {typed}
            </pre>
          </>
        )}
      </div>
      {typed && <CopyButton text={typed} label="Copy what you typed" />}
      <ButtonLink to="/customers" small>
        All customers
      </ButtonLink>
    </div>
  );
}
