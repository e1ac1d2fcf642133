import { EyeIcon } from '../../components/icons';
import { Link } from '../../router';
import { FieldControl } from './field-control';
import { type FieldSpec, nameOf } from './field-spec';
import { useEditor } from './use-editor';

/** The custom fields, by position. */
export function FieldsCard() {
  const { state, editor } = useEditor();
  const { base, form, problems } = state;
  return (
    <section className="card" aria-labelledby="customer-fields">
      <header className="card-header">
        <h2 id="customer-fields">Custom fields</h2>
        <span className="space" />
        {base.definitions.some(({ visibleToCustomer }) => visibleToCustomer) && (
          <span className="customer-card-link customer-legend">
            <EyeIcon size={14} /> visible to the customer
          </span>
        )}
        <Link to="/fields" className="customer-card-link">
          Definitions
        </Link>
      </header>
      <div className="card-body customer-grid">
        {!base.definitions.length && (
          <p className="soft customer-full">
            There are no custom fields. <Link to="/fields">Define some</Link> to keep a customer number, a loyalty level or a
            note here.
          </p>
        )}
        {base.definitions.map((definition) => {
          const name = nameOf(definition);
          const spec = base.specs.get(name);
          if (!spec) return null;
          return (
            <div key={name} className={isLong(spec) ? 'customer-full' : undefined}>
              <FieldControl
                spec={spec}
                path={`fields.${name}`}
                draft={form.fields[name] ?? ''}
                problems={problems}
                onChange={(draft) => editor.changeField(name, draft)}
                hint={definition.description}
                isVisible={definition.visibleToCustomer}
              />
            </div>
          );
        })}
      </div>
    </section>
  );
}

const isLong = ({ type, isList }: FieldSpec) =>
  isList || type === 'long_text' || type === 'rich_text' || type === 'group';
