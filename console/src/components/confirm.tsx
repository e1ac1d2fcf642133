import { type ReactNode, useState, useSyncExternalStore } from 'react';
import { Button } from './button';
import { Dialog } from './dialog';
import { Field, TextInput } from './field';

type Question = {
  title: string;
  body?: ReactNode;
  /** The label of the button that confirms: a verb. */
  action: string;
  cancel?: string;
  danger?: boolean;
  /** The user has to type this text, such as the e-mail address of the customer to erase. */
  typed?: string;
};
type Asked = Question & { answer: (confirmed: boolean) => void };

let asked: Asked | null = null;
const listeners = new Set<() => void>();
function show(next: Asked | null) {
  asked = next;
  listeners.forEach((listener) => listener());
}

/** Asks before an action: `if (!(await confirm({ title: …, action: 'Delete', danger: true }))) return;`. */
export function confirm(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked?.answer(false);
    show({
      ...question,
      answer: (confirmed) => {
        show(null);
        resolve(confirmed);
      },
    });
  });
}

/** Shows the question of confirm(). Mounted once, by the shell. */
export function ConfirmHost() {
  const question = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => asked,
  );
  return question && <Confirm key={question.title + (question.typed ?? '')} {...question} />;
}

function Confirm({ title, body, action, cancel = 'Cancel', danger, typed, answer }: Asked) {
  const [text, setText] = useState('');
  const matches = !typed || text.trim().normalize() === typed.normalize();
  return (
    <Dialog
      open
      size="small"
      title={title}
      onClose={() => answer(false)}
      onSubmit={() => matches && answer(true)}
      footer={
        <>
          <Button onClick={() => answer(false)} data-first={danger && !typed ? true : undefined}>
            {cancel}
          </Button>
          <Button
            type="submit"
            kind={danger ? 'danger' : 'primary'}
            disabled={!matches}
            data-first={!danger && !typed ? true : undefined}
          >
            {action}
          </Button>
        </>
      }
    >
      {body && <div className="prose">{body}</div>}
      {typed && (
        <Field
          label={
            <>
              Type <bdi className="typed">{typed}</bdi> to confirm
            </>
          }
        >
          <TextInput
            data-first
            value={text}
            onChange={(event) => setText(event.target.value)}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
          />
        </Field>
      )}
    </Dialog>
  );
}
