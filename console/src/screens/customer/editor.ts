import type { Failure } from '../../api/failure';
import { type FieldDraft, isSame, textOf } from './field-draft';
import { type AddressForm, differences, type Form, type Snapshot, successorOf } from './form';
import type { Problems } from './field-check';
import { type Change, merge } from './merge';
import type { Step } from './step';

/** What a save did before it stopped. Without a failure it stopped because of a conflict. */
export type Report = { saved: string[]; open: string[]; failed?: string; failure?: Failure };
/** The server has another version than the one that the page was opened with. */
export type Conflict = { theirs: Snapshot; changes: Change[]; isRepeated: boolean };
/** What was typed into a custom field that was deleted. */
export type Orphan = { name: string; label: string; text: string };

export type EditorState = {
  /** What is stored, as far as the page knows. */
  base: Snapshot;
  /** What was typed. */
  form: Form;
  problems: Problems;
  activity: 'none' | 'saving' | 'offline';
  report: Report | null;
  conflict: Conflict | null;
  /** Another admin changed the customer while there are unsaved changes. */
  newer: Snapshot | null;
  /** The customer was erased while the page was open. */
  isErased: boolean;
  orphans: Orphan[];
};

/** The state of the form. It outlives every request, so that nothing typed is lost. */
export class Editor {
  state: EditorState;
  /** A request whose outcome is open: it is repeated with its key before anything else is sent. */
  uncertain: { step: Step; key: string; target: Form } | null = null;
  private listeners = new Set<() => void>();

  constructor(base: Snapshot) {
    const problems = {};
    const none = { activity: 'none', report: null, conflict: null, newer: null } as const;
    this.state = { base, form: base.form, problems, ...none, isErased: false, orphans: [] };
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  getState = () => this.state;

  set(next: Partial<EditorState>) {
    this.state = { ...this.state, ...next };
    this.listeners.forEach((listener) => listener());
  }

  get uuid() {
    return this.state.base.customer.uuid;
  }
  get isDirty() {
    return differences(this.state.base.form, this.state.form).length > 0;
  }

  /** Changes the form. The problems at these paths, and inside of them, are gone. */
  change(parts: Partial<Form>, ...paths: string[]) {
    const isInside = (path: string) =>
      paths.some((changed) => path === changed || path.startsWith(`${changed}.`) || path.startsWith(`${changed}[`));
    const problems = Object.fromEntries(Object.entries(this.state.problems).filter(([path]) => !isInside(path)));
    this.set({ form: { ...this.state.form, ...parts }, problems });
  }

  changeField(name: string, draft: FieldDraft) {
    this.change({ fields: { ...this.state.form.fields, [name]: draft } }, `fields.${name}`);
  }

  changeAddress(id: string, parts: Partial<AddressForm>) {
    const addresses = this.state.form.addresses.map((address) => (address.id === id ? { ...address, ...parts } : address));
    this.change({ addresses }, ...Object.keys(parts).map((key) => `addresses.${id}.${key}`));
  }

  addAddress(address: AddressForm) {
    const { addresses, defaultAddress } = this.state.form;
    this.change({ addresses: [...addresses, address], defaultAddress: defaultAddress || address.id });
  }

  deleteAddress(id: string) {
    const { form, base } = this.state;
    const addresses = form.addresses.filter((address) => address.id !== id);
    const next = successorOf(base.customer, addresses) || (addresses[0]?.id ?? '');
    this.change({ addresses, defaultAddress: form.defaultAddress === id ? next : form.defaultAddress }, `addresses.${id}`);
  }

  restoreAddress(address: AddressForm) {
    const { form, base } = this.state;
    const order = base.form.addresses.map(({ id }) => id);
    const rank = ({ id }: AddressForm) => (order.includes(id) ? order.indexOf(id) : order.length);
    const addresses = [...form.addresses, address].sort((a, b) => rank(a) - rank(b));
    const isDefault = base.form.defaultAddress === address.id;
    this.change({ addresses, defaultAddress: isDefault ? address.id : form.defaultAddress });
  }

  discard() {
    const base = this.state.newer ?? this.state.base;
    this.set({ base, form: base.form, problems: {}, report: null, newer: null, orphans: [] });
    this.uncertain = null;
  }

  dropOrphan(name: string) {
    this.set({ orphans: this.state.orphans.filter((orphan) => orphan.name !== name) });
  }

  /** Takes a newer state of the server, unless a save is running: it compares the states itself. */
  receive(latest: Snapshot | null) {
    const { base, activity, conflict } = this.state;
    if (activity !== 'none' || conflict) return;
    if (!latest) return this.set({ isErased: true });
    if (latest.customer === base.customer && latest.definitions === base.definitions) return;
    // A response that was on its way while a save changed the customer.
    if (latest.version < base.version) return;
    if (!this.isDirty || !differences(base.form, latest.form).length) return this.rebase(latest);
    this.set({ newer: latest });
  }

  /** Makes a state of the server the base. What was typed stays, and what wasn't follows the server. */
  rebase(latest: Snapshot, since: Form = this.state.base.form) {
    const { form, base } = this.state;
    const gone = Object.keys(form.fields).filter((name) => !latest.specs.has(name));
    const typed = gone.filter((name) => !isSame(form.fields[name], base.form.fields[name]));
    const orphans = typed.flatMap((name) => {
      const spec = base.specs.get(name);
      return spec ? [{ name, label: spec.label, text: textOf(spec, form.fields[name]!) }] : [];
    });
    const { form: merged } = merge(since, latest.form, form);
    this.set({ base: latest, form: merged, newer: null, orphans: [...this.state.orphans, ...orphans] });
  }

  /** Opens the comparison with a state of the server. Returns false if there is nothing to choose. */
  compare(theirs: Snapshot, isRepeated = false): boolean {
    const { base, form } = this.state;
    const { changes } = merge(base.form, theirs.form, form);
    if (changes.every(({ kind }) => kind === 'mine')) return false;
    this.set({ conflict: { theirs, changes, isRepeated } });
    return true;
  }

  /** Closes the comparison without a choice. */
  postpone() {
    const { conflict } = this.state;
    if (conflict) this.set({ conflict: null, newer: conflict.theirs });
  }
}
