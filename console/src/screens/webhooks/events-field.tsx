import { useState } from 'react';
import { Checkbox } from '../../components/field';
import { ALL, allOf, NOUNS, unknownOf } from './events';

/** Chooses what an endpoint receives: all events, all of a noun, or single kinds. */
export function EventsField({ events, error, onChange }: { events: string[]; error?: string; onChange: (events: string[]) => void }) {
  const isAll = events.includes(ALL);
  // What was chosen comes back after "All events" was tried.
  const [chosen, setChosen] = useState(isAll ? [] : events);
  const choose = (next: string[]) => {
    setChosen(next);
    onChange(next);
  };
  const toggle = (event: string, without: string[] = []) =>
    choose(events.includes(event) ? events.filter((each) => each !== event) : [...events.filter((each) => !without.includes(each)), event]);
  return (
    <fieldset className="webhooks-events" aria-describedby={error ? 'webhooks-events-error' : undefined}>
      <legend className="field-label">Events</legend>
      <label className="webhooks-choice">
        <input type="radio" name="webhooks-events" checked={isAll} onChange={() => onChange([ALL])} />
        All events, also of later versions
      </label>
      <label className="webhooks-choice">
        <input type="radio" name="webhooks-events" checked={!isAll} onChange={() => onChange(chosen)} />
        Only these
      </label>
      {!isAll && (
        <ul className="webhooks-nouns">
          {NOUNS.map(({ noun, label, kinds }) => {
            const names = kinds.map((kind) => `${noun}.${kind}`);
            const isWhole = events.includes(allOf(noun));
            return (
              <li key={noun}>
                <Checkbox label={label} checked={isWhole} onChange={() => toggle(allOf(noun), names)} />
                <span className="webhooks-kinds" role="group" aria-label={`Events of ${label}`}>
                  {names.map((name, at) => (
                    <label key={name} data-off={isWhole || undefined}>
                      <input type="checkbox" checked={isWhole || events.includes(name)} disabled={isWhole} onChange={() => toggle(name)} />
                      <code>{`.${kinds[at]}`}</code>
                    </label>
                  ))}
                </span>
              </li>
            );
          })}
          {unknownOf(events).map((event) => (
            <li key={event}>
              <Checkbox label={<code>{event}</code>} checked onChange={() => toggle(event)} />
            </li>
          ))}
        </ul>
      )}
      {error && (
        <p className="field-error" id="webhooks-events-error">
          {error}
        </p>
      )}
    </fieldset>
  );
}
