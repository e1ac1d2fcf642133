import { Button } from '../../components/button';
import { confirm } from '../../components/confirm';
import { differences } from './form';
import { SaveNotices } from './save-notices';
import { useEditor } from './use-editor';

/** Appears at the lower edge while something is not saved. */
export function SaveBar({ form: id }: { form: string }) {
  const { state, editor } = useEditor();
  const { activity, base, form, problems } = state;
  const count = differences(base.form, form).length;
  const wrong = Object.keys(problems).length;
  const isBusy = activity !== 'none';
  const isOpen = (count > 0 || isBusy) && !state.isErased;
  const discard = async () => {
    const body = 'Everything that you changed on this page and did not save will be lost.';
    if (await confirm({ title: 'Discard your changes?', body, action: 'Discard', cancel: 'Keep', danger: true })) editor.discard();
  };
  const text =
    activity === 'offline'
      ? 'Waiting for the network…'
      : isBusy
        ? 'Saving…'
        : wrong
          ? `${wrong === 1 ? 'One field needs' : `${wrong} fields need`} your attention`
          : `${count} unsaved ${count === 1 ? 'change' : 'changes'}`;
  return (
    <div className="customer-save-bar" data-open={isOpen || undefined}>
      {isOpen && <SaveNotices />}
      <div className={isOpen ? 'customer-save-line' : undefined}>
        <p role="status" className={wrong && !isBusy ? 'customer-save-problem' : undefined}>
          {isOpen && text}
        </p>
        {isOpen && (
          <>
            <Button disabled={isBusy} onClick={() => void discard()}>
              Discard
            </Button>
            <Button type="submit" form={id} kind="primary" isPending={isBusy}>
              Save
            </Button>
          </>
        )}
      </div>
    </div>
  );
}
