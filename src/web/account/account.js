// The script of both account pages. It takes the token from the URL, sends it when the visitor submits the form, and shows
// the outcome. If the link does not work, another form requests a new one.

/** Time limit of a request, in milliseconds. */
const TIMEOUT = 60_000;

const token = takeToken();

for (const form of document.forms) prepare(form);
show(token ? 'form' : 'incomplete');
document.querySelector('.stuck').remove();

// A second link in this tab differs only in the fragment, which does not load the page again.
addEventListener('hashchange', () => location.hash && location.reload());

/** Returns the token and removes it from the address bar, so that bookmarks and screenshots don't contain it. */
function takeToken() {
  const { hash, search, pathname } = location;
  const token = new URLSearchParams(hash.slice(1)).get('token') || new URLSearchParams(search).get('token');
  if (hash || search) history.replaceState(null, '', pathname);
  return token;
}

function prepare(form) {
  let busy = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) return;
    clear(form);
    if (!fieldsOf(form).map(check).every(Boolean)) return focusFirst(form);
    setBusy(form, (busy = true));
    try {
      await submit(form);
    } finally {
      setBusy(form, (busy = false));
    }
  });
  for (const field of fieldsOf(form)) field.addEventListener('input', () => explain(field, ''));
  for (const toggle of togglesOf(form)) {
    toggle.addEventListener('click', () => reveal(toggle, toggle.textContent === 'Show'));
  }
}

function fieldsOf(form) {
  return [...form.querySelectorAll('input')];
}

function togglesOf(form) {
  return [...form.querySelectorAll('[aria-controls]')];
}

/** Sends the form, and shows the outcome. */
async function submit(form) {
  const fields = Object.fromEntries(new FormData(form));
  const { response, body } =
    form.dataset.sends === 'login'
      ? await requestLoggedIn(form.action, fields)
      : await post(form.action, form.dataset.sends === 'token' ? { token, ...fields } : fields);
  if (response?.ok && body?.data) {
    form.reset();
    show(form.dataset.then, true);
  } else if (!response) {
    notify(form, 'The server did not respond. Check your connection, then try again.');
  } else if (response.status === 429) {
    notify(form, `Too many attempts. Please try again ${delay(response)}.`);
  } else if (response.status === 503) {
    notify(form, `The shop is busy. Please try again ${delay(response)}.`);
  } else if (body?.error && response.status < 500) {
    showProblems(form, body.error);
  } else {
    const id = body?.error?.request_id;
    notify(form, `Something went wrong on our side. Please try again later.${id ? ` (Reference: ${id})` : ''}`);
  }
}

/** Logs in, sends one request without a body, and logs out. Returns the first failure. */
async function requestLoggedIn(url, credentials) {
  const login = await post('../api/customer/tokens', credentials);
  const tokens = login.response?.ok && login.body?.data;
  if (!tokens) return login;
  const outcome = await post(url, undefined, tokens.accessToken);
  await post('../api/customer/token/revoke', { refreshToken: tokens.refreshToken });
  return outcome;
}

/** Sends JSON. Without `response`, the server did not respond; without `body`, the response is not JSON. */
async function post(url, input, accessToken) {
  let response, body;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        ...(input && { 'Content-Type': 'application/json' }),
        ...(accessToken && { Authorization: `Bearer ${accessToken}` }),
      },
      body: input && JSON.stringify(input),
      credentials: 'omit',
      signal: AbortSignal.timeout?.(TIMEOUT),
    });
    body = await response.json();
  } catch {
    // There is no response, or it is not JSON, such as the error page of a proxy.
  }
  return { response, body };
}

/** Shows validation errors: next to their field, above the form, or instead of the form if the token is invalid. */
function showProblems(form, { message, details = [] }) {
  if (details.some((detail) => detail.field === 'token')) return show('refused', true);
  const withoutField = details.filter((detail) => {
    const field = fieldsOf(form).find((field) => field.name === detail.field);
    if (field) explain(field, detail.message);
    return !field;
  });
  if (withoutField.length > 0) notify(form, withoutField.map((detail) => detail.message).join('\n'));
  else if (details.length === 0) notify(form, message);
  else focusFirst(form);
}

/** Validates a field before the request is sent. */
function check(field) {
  const { valueMissing, tooShort } = field.validity;
  if (valueMissing) explain(field, field.dataset.missing ?? 'Enter your email address');
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

function focusFirst(form) {
  fieldsOf(form).find((field) => field.hasAttribute('aria-invalid'))?.focus();
}

/** Shows a message above the form. */
function notify(form, message) {
  const notice = form.querySelector('.notice');
  notice.textContent = message;
  notice.hidden = false;
  notice.focus();
}

function clear(form) {
  const notice = form.querySelector('.notice');
  notice.hidden = true;
  notice.textContent = '';
  fieldsOf(form).forEach((field) => explain(field, ''));
}

/** Shows the sections of a state and their title. Moves the focus to the heading after an action of the visitor. */
function show(state, focus = false) {
  const shop = document.querySelector('.shop')?.dataset.name;
  for (const section of document.querySelectorAll('[data-state]')) {
    section.hidden = !section.dataset.state.split(' ').includes(state);
    const heading = section.querySelector('h1');
    if (section.hidden || !heading) continue;
    document.title = shop ? `${heading.textContent} – ${shop}` : heading.textContent;
    if (focus) heading.focus();
  }
}

/** Marks the form as busy. `disabled` would remove the focus from the button, so `aria-disabled` is used. */
function setBusy(form, isBusy) {
  const button = form.querySelector('[type=submit]');
  button.dataset.label ??= button.textContent;
  button.textContent = isBusy ? button.dataset.busy : button.dataset.label;
  button.setAttribute('aria-disabled', String(isBusy));
  // Hide the password while it is sent. Browsers offer to save it only from a field of the type `password`.
  if (isBusy) togglesOf(form).forEach((toggle) => reveal(toggle, false));
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
