import { Button, IconButton } from '../../components/button';
import { CloseIcon, FilterIcon, WarningIcon } from '../../components/icons';
import { Popover } from '../../components/popover';
import { FilterEditor } from './filter-editor';
import type { Filter } from './filter';
import './filters.css';
import { NewFilter } from './new-filter';
import type { CustomerList } from './use-list';

/** The filters that apply, each with its editor, and the menu for another one. */
export function FilterBar({ list }: { list: CustomerList }) {
  return (
    <div className="customers-filters">
      {list.filters.map((filter) => (
        <FilterChip key={filter.param} filter={filter} list={list} />
      ))}
      <AddFilter list={list} />
      {list.isFiltered && (
        <Button kind="plain" onClick={list.clear}>
          Clear
        </Button>
      )}
    </div>
  );
}

function FilterChip({ filter, list }: { filter: Filter; list: CustomerList }) {
  const { param, label, text, values, problem } = filter;
  const remove = () => list.setFilter(param, []);
  return (
    <span className={problem ? 'customers-chip broken' : 'customers-chip'}>
      {problem ? (
        <span className="customers-chip-text" title={problem}>
          <WarningIcon size={14} />
          <bdi>{label}</bdi>: <bdi>{text}</bdi>
        </span>
      ) : (
        <Popover
          label={`Filter: ${label}`}
          trigger={(props) => (
            <button type="button" className="customers-chip-text" {...props}>
              <bdi>{label}</bdi>: <bdi className="customers-chip-value">{text}</bdi>
            </button>
          )}
        >
          {(close) => (
            <FilterEditor
              param={param}
              label={label}
              values={values}
              groups={list.frame.groups}
              definitions={list.frame.definitions}
              onApply={(next) => {
                close();
                list.setFilter(param, next);
              }}
              onRemove={() => {
                close();
                remove();
              }}
            />
          )}
        </Popover>
      )}
      <IconButton label={`Remove the filter ${label}`} onClick={remove}>
        <CloseIcon size={13} />
      </IconButton>
    </span>
  );
}

function AddFilter({ list }: { list: CustomerList }) {
  return (
    <Popover
      label="Add a filter"
      trigger={(props) => (
        <Button icon={<FilterIcon />} {...props}>
          Filter
        </Button>
      )}
    >
      {(close) => <NewFilter list={list} close={close} />}
    </Popover>
  );
}
