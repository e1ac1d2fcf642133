// Lists in the query builder. It is built for single values: it shows a list as an empty text, and replaces it by the first
// typed letter. vite.config.js makes it use this component.
import { getNamedType, getNullableType, isEnumType, isInputObjectType, isListType } from 'graphql';

export const isList = ({ type }) => isListType(getNullableType(type));

/** The argument or input field that the builder adds: with a list, where its type is one. */
export function withList(arg, selection) {
  if (!selection || !isList(arg) || ['ListValue', 'Variable'].includes(selection.value.kind)) return selection;
  return { ...selection, value: listOf([selection.value]) };
}

const listOf = (values) => ({ kind: 'ListValue', values });

/**
 * The values of a list, with buttons to add and remove one. `setArgValue`, `styleConfig` and others are the builder's own;
 * `coerce` parses what the user types, `newFields` are the fields of a new object, and `InputArgView` is one of its fields.
 */
export function ListArgument(props) {
  const { arg, argValue, setArgValue, getDefaultScalarArgValue, parentField, newFields } = props;
  // GraphQL reads a value in place of a list as a list of one.
  const values = argValue.kind === 'ListValue' ? argValue.values : [argValue];
  const type = getNamedType(arg.type);
  const set = (next, commit = true) => setArgValue(listOf(next), commit);
  const add = () =>
    set([
      ...values,
      isInputObjectType(type)
        ? { kind: 'ObjectValue', fields: newFields(type) }
        : getDefaultScalarArgValue(parentField, arg, type),
    ]);
  return (
    <span className="list-argument">
      {values.map((value, index) => {
        const label = `${arg.name}, value ${index + 1}`;
        const replace = (next, commit) => set(values.map((other, at) => (at === index ? next : other)), commit);
        return (
          <span key={index} className={value.kind === 'ObjectValue' ? 'list-item object' : 'list-item'}>
            <Value {...props} type={type} value={value} label={label} replace={replace} />
            <button
              type="button"
              aria-label={`Remove ${label}`}
              title="Remove"
              onClick={() => set(values.filter((_, at) => at !== index))}
            >
              ×
            </button>
          </span>
        );
      })}
      <button type="button" className="list-add" aria-label={`Add a value to ${arg.name}`} title="Add a value" onClick={add}>
        +
      </button>
    </span>
  );
}

function Value({ type, value, label, replace, coerce, ...props }) {
  const { colors } = props.styleConfig;
  if (value.kind === 'Variable') return <span style={{ color: colors.variable }}>${value.name.value}</span>;
  if (isInputObjectType(type)) {
    const { InputArgView } = props;
    const fields = Object.values(type.getFields()).sort((one, two) => one.name.localeCompare(two.name));
    return fields.map((field) => (
      <InputArgView
        {...props}
        key={field.name}
        arg={field}
        selection={value.kind === 'ObjectValue' ? value : { kind: 'ObjectValue', fields: [] }}
        modifyFields={(fields, commit) => replace({ kind: 'ObjectValue', fields }, commit)}
      />
    ));
  }
  const change = (event) => replace(coerce(type, event.target.value));
  if (isEnumType(type)) {
    return (
      <select aria-label={label} value={value.value} onChange={change}>
        {type.getValues().map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    );
  }
  const quote = value.kind === 'StringValue' ? '"' : '';
  const color = quote ? colors.string : colors.number;
  const text = String(value.value ?? '');
  return (
    <span style={{ color }}>
      {quote}
      <input
        aria-label={label}
        style={{ color, width: `${Math.max(2, Math.min(15, text.length + 1))}ch` }}
        value={text}
        onChange={change}
      />
      {quote}
    </span>
  );
}
