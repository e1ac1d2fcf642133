import type { QueryClient } from '@tanstack/react-query';
import { asFailure, type Failure, isCancelled } from '../../api/failure';
import { newKey } from '../../api/rest';
import { check } from './check';
import type { Editor } from './editor';
import { type Form, readSnapshot, type Snapshot } from './form';
import { type Choices, merge } from './merge';
import { plan } from './plan';
import type { Step } from './step';
import { countryOptions, customerOptions } from './queries';
import { applyStep, problemsOf, renameAddress, type StepResult } from './step-result';
import { sendStep } from './send-step';

/** How often a save continues by itself with a newer version that differs in nothing that has to be chosen. */
const MAX_CATCH_UPS = 4;

/**
 * Saves the form: one request after the other, each with its own key and the version that was read. It is planned again
 * after each request, so that a save that stopped in the middle continues with what is left.
 */
export class Saver {
  constructor(
    private editor: Editor,
    private client: QueryClient,
  ) {}

  /** Returns true if everything is saved. Does nothing while a save is running. */
  async save(isRepeated = false): Promise<boolean> {
    const { editor } = this;
    const { base, form, activity, isErased } = editor.state;
    if (activity !== 'none' || isErased) return false;
    const countries = this.client.getQueryData(countryOptions().queryKey)?.allowedCountries;
    const problems = check(base, form, countries);
    editor.set({ problems, report: null });
    if (Object.keys(problems).length) return false;
    editor.set({ activity: 'saving' });
    try {
      return await this.run(isRepeated);
    } finally {
      editor.set({ activity: 'none' });
    }
  }

  /** Saves what was chosen in the comparison, as a change of the newer state. */
  async resolve(choices: Choices): Promise<boolean> {
    const { editor } = this;
    const { conflict, base, form } = editor.state;
    if (!conflict) return false;
    const merged = merge(base.form, conflict.theirs.form, form, choices);
    editor.rebase(conflict.theirs);
    editor.set({ form: merged.form, conflict: null });
    return this.save(true);
  }

  private async run(isRepeated: boolean): Promise<boolean> {
    const { editor } = this;
    const saved: string[] = [];
    const done = new Set<string>();
    // What is typed while the save is running is not part of it.
    let target = editor.state.form;
    let catchUps = 0;
    for (;;) {
      const planned = plan(editor.state.base, target).find(({ id }) => !done.has(id));
      const next = editor.uncertain ?? (planned && { step: planned, key: newKey(), target });
      if (!next) break;
      editor.uncertain = next;
      try {
        const result = await this.send(next.step, next.key);
        editor.uncertain = null;
        target = this.applied(next.step, next.target, target, result);
        done.add(next.step.id);
        saved.push(next.step.label);
      } catch (error) {
        const failure = asFailure(error);
        if (!failure.isUncertain) editor.uncertain = null;
        const isStale = failure.status === 412 || failure.status === 404;
        const caughtUp = isStale && catchUps++ < MAX_CATCH_UPS && (await this.catchUp(target, isRepeated));
        if (!caughtUp) {
          await this.stop(next.step, failure, saved);
          return false;
        }
        target = caughtUp;
      }
    }
    const latest = await this.read().catch(() => null);
    if (latest && latest.version >= editor.state.base.version) editor.rebase(latest, target);
    this.refreshOthers();
    return true;
  }

  private send = (step: Step, key: string) =>
    sendStep(this.editor.uuid, step, key, (isOnline) => this.editor.set({ activity: isOnline ? 'saving' : 'offline' }));

  /** Takes over what a step has saved. Returns the form that is being saved, in which a new address has its ID now. */
  private applied(step: Step, sent: Form, target: Form, result: StepResult): Form {
    const { editor } = this;
    const { base, form } = editor.state;
    const rename = (each: Form) =>
      step.kind === 'new-address' && result.uuid ? renameAddress(each, step.address!.id, result.uuid) : each;
    editor.set({ base: applyStep(base, sent, step, result), form: rename(form) });
    return rename(target);
  }

  private async read(): Promise<Snapshot | null> {
    const options = customerOptions(this.editor.uuid);
    // A request that is already on its way may bring the state before the save.
    await this.client.cancelQueries({ queryKey: options.queryKey });
    return readSnapshot(await this.client.fetchQuery({ ...options, staleTime: 0 }));
  }

  private refreshOthers() {
    void this.client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'CustomerPage' });
  }

  /** The server has another version. Returns the form to continue with if nothing has to be chosen. */
  private async catchUp(target: Form, isRepeated: boolean): Promise<Form | null> {
    const { editor } = this;
    const latest = await this.read().catch(() => undefined);
    if (latest === undefined) return null;
    if (latest === null) editor.set({ isErased: true });
    else if (!editor.compare(latest, isRepeated)) {
      const merged = merge(editor.state.base.form, latest.form, target).form;
      editor.rebase(latest);
      return merged;
    }
    return null;
  }

  /** Says what was saved and what wasn't, and why. */
  private async stop(step: Step, failure: Failure, saved: string[]) {
    const { editor } = this;
    const { base, form, conflict, isErased } = editor.state;
    if (saved.length) this.refreshOthers();
    const open = plan(base, form).map(({ label }) => label);
    if (conflict || isErased) return editor.set({ report: saved.length && conflict ? { saved, open } : null });
    if (isCancelled(failure) && !saved.length) return;
    const { problems, others } = problemsOf(base, step, failure);
    const isAtControls = Object.keys(problems).length > 0 && !others && !saved.length;
    editor.set({ problems, report: isAtControls ? null : { saved, open, failed: step.label, failure } });
    if (failure.status === 400) await this.noticeDeletions();
  }

  /** The group or a custom field may have been deleted: they are read again. What was typed there stays on the page. */
  private async noticeDeletions() {
    const { editor } = this;
    void this.client.invalidateQueries({ queryKey: ['GroupNames'] });
    const latest = await this.read().catch(() => null);
    const isGone = latest && [...editor.state.base.specs.keys()].some((name) => !latest.specs.has(name));
    if (isGone && !editor.compare(latest)) editor.rebase(latest);
  }
}
