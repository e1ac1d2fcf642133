import { type FormEvent, type ReactNode, useState } from 'react';
import { useGraphql } from '../../api/graphql';
import type { Group } from '../../api/groups';
import { Button } from '../../components/button';
import { Field, TextInput } from '../../components/field';
import { SkeletonLines } from '../../components/skeleton';
import { DateEditor } from './date-editor';
import { FieldEditor } from './field-editor';
import { fieldParam } from './field-filters';
import { OptionList } from './option-list';
import { CountryNames, type Definition } from './queries';

const STATUS = [
  { value: '1', label: 'Enabled' },
  { value: '0', label: 'Disabled' },
];
const VERIFIED = [
  { value: 'yes', label: 'Verified' },
  { value: 'no', label: 'Not verified' },
];
const HINTS: Record<string, string> = {
  city: 'Finds cities that contain this text.',
  postcode: 'Finds postcodes that start with this text.',
};

type Props = { label: string; values: string[]; onChange: (values: string[]) => void };

/** The form of a filter. It applies on Enter and by its button. */
export function FilterEditor({
  param,
  label,
  values: initial,
  groups,
  definitions,
  onApply,
  onRemove,
  back,
}: {
  param: string;
  label: string;
  values: string[];
  groups: Group[] | undefined;
  definitions: Definition[] | undefined;
  onApply: (values: string[]) => void;
  onRemove?: () => void;
  back?: ReactNode;
}) {
  const [values, setValues] = useState(initial);
  const definition = definitions?.find((each) => fieldParam(each) === param);
  const props: Props = { label, values, onChange: setValues };
  const chosen = values.map((value) => value.trim()).filter((value) => value && value !== '..');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (chosen.length) onApply(chosen);
    else onRemove?.();
  };
  return (
    <form className="customers-editor" onSubmit={submit} noValidate>
      <div className="customers-editor-title">
        {back}
        <h2>
          <bdi>{label}</bdi>
        </h2>
      </div>
      {definition ? (
        <FieldEditor definition={definition} values={values} onChange={setValues} />
      ) : param === 'status' ? (
        <OptionList {...props} options={STATUS} />
      ) : param === 'verified' ? (
        <OptionList {...props} options={VERIFIED} />
      ) : param === 'group' ? (
        <GroupEditor {...props} groups={groups} />
      ) : param === 'country' ? (
        <CountryEditor {...props} />
      ) : param === 'created' || param === 'signed_in' ? (
        <DateEditor label={label} value={values[0] ?? ''} hasNever={param === 'signed_in'} onChange={(value) => setValues([value])} />
      ) : (
        <Field label={label} hideLabel hint={HINTS[param]}>
          <TextInput autoFocus maxLength={255} value={values[0] ?? ''} onChange={(event) => setValues([event.target.value])} />
        </Field>
      )}
      <div className="customers-editor-buttons">
        {onRemove && (
          <Button small kind="plain" onClick={onRemove}>
            Remove
          </Button>
        )}
        <span className="space" />
        <Button small kind="primary" type="submit" disabled={!chosen.length && !onRemove}>
          Apply
        </Button>
      </div>
    </form>
  );
}

function GroupEditor({ groups, ...props }: Props & { groups: Group[] | undefined }) {
  if (!groups) return <SkeletonLines />;
  const options = groups.map((group) => ({ value: String(group.customerGroupId), label: group.groupName }));
  return <OptionList {...props} isMultiple options={options} />;
}

function CountryEditor(props: Props) {
  const { data } = useGraphql(CountryNames, {}, { staleTime: Infinity });
  if (!data) return <SkeletonLines />;
  return <OptionList {...props} isMultiple options={data.allowedCountries.map(({ code, name }) => ({ value: code, label: name }))} />;
}
