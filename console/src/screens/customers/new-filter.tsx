import { useState } from 'react';
import { IconButton } from '../../components/button';
import { TextInput } from '../../components/field';
import { ChevronLeft } from '../../components/icons';
import { fieldParam } from './field-filters';
import { FilterEditor } from './filter-editor';
import { FIELDS } from './filters';
import type { CustomerList } from './use-list';

type Name = { param: string; label: string };

const Names = ({ names, onChoose }: { names: Name[]; onChoose: (name: Name) => void }) => (
  <ul>
    {names.map(({ param, label }) => (
      <li key={param}>
        <button type="button" className="menu-item" onClick={() => onChoose({ param, label })}>
          <bdi>{label}</bdi>
        </button>
      </li>
    ))}
  </ul>
);

/** First what to filter by, then the value. */
export function NewFilter({ list, close }: { list: CustomerList; close: () => void }) {
  const [chosen, setChosen] = useState<Name | null>(null);
  const [search, setSearch] = useState('');
  const { definitions = [], groups } = list.frame;
  if (chosen) {
    return (
      <FilterEditor
        key={chosen.param}
        {...chosen}
        values={list.params.getAll(chosen.param)}
        groups={groups}
        definitions={definitions}
        back={
          <IconButton label="Back" onClick={() => setChosen(null)}>
            <ChevronLeft />
          </IconButton>
        }
        onApply={(values) => {
          close();
          list.setFilter(chosen.param, values);
        }}
      />
    );
  }
  const matching = (names: Name[]) =>
    names.filter(({ label }) => label.toLowerCase().includes(search.trim().toLowerCase()));
  const own = matching(FIELDS);
  const custom = matching(definitions.map((definition) => ({ param: fieldParam(definition), label: definition.name })));
  return (
    <div className="customers-filter-names">
      <TextInput
        type="search"
        data-first
        aria-label="Search filters"
        placeholder="Filter by…"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
        onKeyDown={(event) => {
          const [first] = [...own, ...custom];
          if (event.key !== 'Enter' || !first) return;
          event.preventDefault();
          setChosen(first);
        }}
      />
      <Names names={own} onChoose={setChosen} />
      {custom.length > 0 && (
        <>
          <h3 className="soft">Custom fields</h3>
          <Names names={custom} onChoose={setChosen} />
        </>
      )}
      {!own.length && !custom.length && <p className="soft">There is no filter with this name.</p>}
    </div>
  );
}
