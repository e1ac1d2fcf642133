// The script of both account pages. It takes the token from the URL, sends it when the visitor submits the form, and shows
// the outcome.

/** Time limit of the request, in milliseconds. */
const TIMEOUT = 60_000;

const form = document.querySelector('form');
const notice = form.querySelector('.notice');
const submit = form.querySelector('[type=submit]');
const fields = [...form.querySelectorAll('input')];
const toggles = [...form.querySelectorAll('[aria-controls]')];
const token = takeToken();
let busy = false;

show(token ? 'form' : 'incomplete');
document.querySelector('.stuck').remove();

// A second link in this tab differs only in the fragment, which does not load the page again.
addEventListener('hashchange', () => location.hash && location.reload());

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (busy) return;
  clear();
  if (!fields.map(check).every(Boolean)) return focusFirst();
  setBusy(true);
  try {
    await send();
  } finally {
    setBusy(false);
  }
});

for (const field of fields) {
  field.addEventListener('input', () => explain(field, ''));
}

for (const toggle of toggles) {
  toggle.addEventListener('click', () => reveal(toggle, toggle.textContent === 'Show'));
}

/** Returns the token and removes it from the address bar, so that bookmarks and screenshots don't contain it. */
function takeToken() {
  const { hash, search, pathname } = location;
  const token = new URLSearchParams(hash.slice(1)).get('token') || new URLSearchParams(search).get('token');
  if (hash || search) history.replaceState(null, '', pathname);
  return token;
}

async function send() {
  let response, body;
  try {
    response = await fetch(form.action, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) }),
      signal: AbortSignal.timeout?.(TIMEOUT),
    });
    body = await response.json();
  } catch {
    // There is no response, or it is not JSON, such as the error page of a proxy.
  }
  if (response?.ok && body?.data) {
    form.reset();
    show('done', true);
  } else if (!response) {
    notify('The server did not respond. Check your connection, then try again.');
  } else if (response.status === 429) {
    notify(`Too many attempts. Please try again ${delay(response)}.`);
  } else if (response.status === 503) {
    notify(`The shop is busy. Please try again ${delay(response)}.`);
  } else if (body?.error && response.status < 500) {
    showProblems(body.error);
  } else {
    const id = body?.error?.request_id;
    notify(`Something went wrong on our side. Please try again later.${id ? ` (Reference: ${id})` : ''}`);
  }
}

/** Shows validation errors: next to their field, above the form, or instead of the form if the token is invalid. */
function showProblems({ message, details = [] }) {
  const tokenProblem = details.find((detail) => detail.field === 'token');
  if (tokenProblem) {
    document.querySelector('.reason').textContent = tokenProblem.message;
    return show('refused', true);
  }
  const withoutField = details.filter((detail) => {
    const field = fields.find((field) => field.name === detail.field);
    if (field) explain(field, detail.message);
    return !field;
  });
  if (withoutField.length > 0) notify(withoutField.map((detail) => detail.message).join('\n'));
  else if (details.length === 0) notify(message);
  else focusFirst();
}

/** Validates a field before the request is sent. */
function check(field) {
  const { valueMissing, tooShort } = field.validity;
  if (valueMissing) explain(field, 'Enter a new password');
  else if (tooShort) explain(field, `Use at least ${field.minLength} characters`);
  return !valueMissing && !tooShort;
}

function explain(field, message) {
  const problem = document.getElementById(`${field.id}-problem`);
  problem.textContent = message;
  problem.hidden = !message;
  if (message) field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
}

function focusFirst() {
  fields.find((field) => field.hasAttribute('aria-invalid'))?.focus();
}

/** Shows a message above the form. */
function notify(message) {
  notice.textContent = message;
  notice.hidden = false;
  notice.focus();
}

function clear() {
  notice.hidden = true;
  notice.textContent = '';
  fields.forEach((field) => explain(field, ''));
}

/** Shows one section of the page and its title. Moves the focus to the heading after an action of the visitor. */
function show(state, focus = false) {
  for (const section of document.querySelectorAll('[data-state]')) {
    section.hidden = section.dataset.state !== state;
    if (section.hidden) continue;
    const heading = section.querySelector('h1');
    document.title = heading.textContent;
    if (focus) heading.focus();
  }
}

/** Marks the form as busy. `disabled` would remove the focus from the button, so `aria-disabled` is used. */
function setBusy(isBusy) {
  busy = isBusy;
  submit.dataset.label ??= submit.textContent;
  submit.textContent = isBusy ? submit.dataset.busy : submit.dataset.label;
  submit.setAttribute('aria-disabled', String(isBusy));
  // Hide the password while it is sent. Browsers offer to save it only from a field of the type `password`.
  if (isBusy) toggles.forEach((toggle) => reveal(toggle, false));
}

function reveal(toggle, visible) {
  document.getElementById(toggle.getAttribute('aria-controls')).type = visible ? 'text' : 'password';
  toggle.textContent = visible ? 'Hide' : 'Show';
  toggle.setAttribute('aria-label', visible ? 'Hide password' : 'Show password');
}

/** The delay before the next attempt in words, from the header Retry-After (seconds). */
function delay(response) {
  const seconds = Number(response.headers.get('Retry-After'));
  if (!(seconds > 0)) return 'later';
  const words = new Intl.RelativeTimeFormat('en');
  return seconds < 90 ? words.format(Math.ceil(seconds), 'second') : words.format(Math.ceil(seconds / 60), 'minute');
}
