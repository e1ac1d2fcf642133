// Both account pages: takes the token off the URL, sends it when the visitor says so, and shows what came of it.

/** How long an answer may take, in milliseconds. */
const PATIENCE = 60_000;

const form = document.querySelector('form');
const notice = form.querySelector('.notice');
const submit = form.querySelector('[type=submit]');
const fields = [...form.querySelectorAll('input')];
const toggles = [...form.querySelectorAll('[aria-controls]')];
const token = takeToken();
let busy = false;

show(token ? 'ask' : 'incomplete');
document.querySelector('.stuck').remove();

// Another link that is opened in this tab differs in the fragment only, which loads nothing by itself.
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

/** The token, which then is no longer in the address bar: not in a bookmark, a screenshot or a shared link. */
function takeToken() {
  const { hash, search, pathname } = location;
  const found = new URLSearchParams(hash.slice(1)).get('token') || new URLSearchParams(search).get('token');
  if (hash || search) history.replaceState(null, '', pathname);
  return found;
}

async function send() {
  let response, answer;
  try {
    response = await fetch(form.action, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) }),
      signal: AbortSignal.timeout?.(PATIENCE),
    });
    answer = await response.json();
  } catch {
    // No answer at all, or none of ours: a proxy speaks HTML.
  }
  if (response?.ok && answer?.data) {
    form.reset();
    show('done', true);
  } else if (!response) {
    tell('There was no answer. Check your connection, then try again.');
  } else if (response.status === 429) {
    tell(`These were too many attempts. Please try again ${wait(response)}.`);
  } else if (response.status === 503) {
    tell(`The shop is busy at the moment. Please try again ${wait(response)}.`);
  } else if (answer?.error && response.status < 500) {
    refuse(answer.error);
  } else {
    const id = answer?.error?.request_id;
    tell(`Something went wrong on our side. Please try again later.${id ? ` (Reference: ${id})` : ''}`);
  }
}

/** What the API finds wrong: at the field it is about, with the link as a whole, or above the form. */
function refuse({ message, details = [] }) {
  const dead = details.find((detail) => detail.field === 'token');
  if (dead) {
    document.querySelector('.reason').textContent = dead.message;
    return show('refused', true);
  }
  const rest = details.filter((detail) => {
    const field = fields.find((field) => field.name === detail.field);
    if (field) explain(field, detail.message);
    return !field;
  });
  if (rest.length > 0) tell(rest.map((detail) => detail.message).join('\n'));
  else if (details.length === 0) tell(message);
  else focusFirst();
}

/** Spares a request that would be refused. */
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

/** Above the form, which can be sent again. */
function tell(message) {
  notice.textContent = message;
  notice.hidden = false;
  notice.focus();
}

function clear() {
  notice.hidden = true;
  notice.textContent = '';
  fields.forEach((field) => explain(field, ''));
}

/** One section of the page, and what it is called; a visitor who acted is taken to it. */
function show(state, focus = false) {
  for (const section of document.querySelectorAll('[data-state]')) {
    section.hidden = section.dataset.state !== state;
    if (section.hidden) continue;
    const heading = section.querySelector('h1');
    document.title = heading.textContent;
    if (focus) heading.focus();
  }
}

/** Not `disabled`, which would take the focus away. */
function setBusy(now) {
  busy = now;
  submit.dataset.label ??= submit.textContent;
  submit.textContent = now ? submit.dataset.busy : submit.dataset.label;
  submit.setAttribute('aria-disabled', String(now));
  // Out of sight while it travels; and a browser offers to save what stands in a password field only.
  if (now) toggles.forEach((toggle) => reveal(toggle, false));
}

function reveal(toggle, visible) {
  document.getElementById(toggle.getAttribute('aria-controls')).type = visible ? 'text' : 'password';
  toggle.textContent = visible ? 'Hide' : 'Show';
  toggle.setAttribute('aria-label', visible ? 'Hide password' : 'Show password');
}

/** When to try again, in words, from the header Retry-After (seconds). */
function wait(response) {
  const seconds = Number(response.headers.get('Retry-After'));
  if (!(seconds > 0)) return 'in a moment';
  const words = new Intl.RelativeTimeFormat('en');
  return seconds < 90 ? words.format(Math.ceil(seconds), 'second') : words.format(Math.ceil(seconds / 60), 'minute');
}
