import { formatOf, isRequired, labelIn } from './address-format';
import { type Problems, valueOf } from './field-check';
import { isSame } from './field-draft';
import { ADDRESS_PROPERTIES, findAddress, type Form, isSameAddress, PROFILE, type Snapshot } from './form';
import type { CountryFormat } from './queries';

/** What is wrong with the changed controls, as far as the browser can tell. `countries` are undefined until they are loaded. */
export function check(base: Snapshot, form: Form, countries: CountryFormat[] | undefined): Problems {
  const problems: Problems = {};
  const changed = (key: (typeof PROFILE)[number]) => base.form[key] !== form[key];
  if (changed('fullName') && !form.fullName.trim()) problems.fullName = 'Name is required';
  else if (changed('fullName') && [...form.fullName.trim()].length > 255) problems.fullName = 'Name must be at most 255 characters';
  if (changed('email') && !/^\S+@\S+$/.test(form.email.trim())) {
    problems.email = form.email.trim() ? 'The e-mail address must be complete, such as user@example.com' : 'E-mail address is required';
  }
  for (const [name, spec] of base.specs) {
    const draft = form.fields[name] ?? '';
    const path = `fields.${name}`;
    if (isSame(base.form.fields[name], draft)) continue;
    const value = valueOf(spec, draft, path, problems);
    if (spec.required && value === null && !problems[path]) problems[path] = `${spec.label} is required`;
  }
  for (const address of form.addresses) {
    if (isSameAddress(findAddress(base.form, address.id), address)) continue;
    const format = formatOf(address, countries);
    for (const property of ADDRESS_PROPERTIES) {
      const { key } = property;
      const label = labelIn(format, property);
      const path = `addresses.${address.id}.${key}`;
      if (isRequired(address, format, property) && !address[key].trim()) problems[path] = `${label} is required`;
      else if ([...address[key]].length > 255) problems[path] = `${label} must be at most 255 characters`;
    }
  }
  return problems;
}
