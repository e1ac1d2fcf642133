// The account button of the bar and its panel. The sessions are those of the playground, so that both pages keep and renew
// tokens in the same way.
import { explain } from '../../playground/src/problems.js';
import { getSession, signIn, signOut, subscribe, subscribeToEnd } from '../../playground/src/session.js';

const KINDS = { admin: 'an admin', customer: 'a customer' };

const panel = document.querySelector('.panel');
const form = panel.querySelector('form');
const title = panel.querySelector('h2');
const problem = panel.querySelector('.problem');
const code = panel.querySelector('.code');
const signedIn = panel.querySelector('.signed-in');
const account = document.querySelector('.account');
const submit = form.querySelector('[type=submit]');
let isBusy = false;

document.querySelector('.bar').hidden = false;
// A user who has the page open learns why requests fail from now on.
subscribeToEnd(() => open('The session has ended. Sign in again to continue.'));
subscribe(render);

account.addEventListener('click', () => open(''));
panel.querySelector('.close').addEventListener('click', () => panel.close());
// A click whose target is the dialog itself is on its backdrop.
panel.addEventListener('click', (event) => event.target === panel && panel.close());
panel.querySelector('.sign-out').addEventListener('click', () => {
  panel.close();
  // The page forgets the tokens in any case. One that could not be revoked expires.
  signOut().catch(() => {});
});
for (const radio of form.elements.kind) radio.addEventListener('change', () => ask(false));

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (isBusy) return;
  const { kind, email, password, code: typed } = Object.fromEntries(new FormData(form));
  busy(true);
  show('');
  try {
    await signIn(kind, email.trim(), password, code.hidden ? undefined : typed.trim());
    panel.close();
  } catch (failure) {
    const { title, text } = explain(failure, 'signIn', kind);
    show(text, title);
    ask(failure.code?.startsWith('second_factor_') ?? false);
    form.elements[code.hidden ? 'password' : 'code'].focus();
  } finally {
    busy(false);
  }
});

function open(message) {
  show(message);
  render();
  if (!panel.open) panel.showModal();
  (getSession() ? panel.querySelector('.sign-out') : form.elements.email).focus();
}

/** Shows the account, or the form without the secrets of the last account. */
function render() {
  const session = getSession();
  account.textContent = session?.email ?? 'Sign in';
  account.classList.toggle('quiet', session !== null);
  title.textContent = session?.email ?? 'Sign in';
  form.hidden = session !== null;
  signedIn.hidden = session === null;
  if (!session) return;
  const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' }).format(session.expiresAt);
  signedIn.querySelector('p').textContent = `Signed in as ${KINDS[session.kind]}. The token expires at ${time}.`;
  form.elements.password.value = '';
  ask(false);
}

/** Shows or hides the field for the code of a second factor. */
function ask(forCode) {
  code.hidden = !forCode;
  form.elements.code.value = '';
}

function show(text, title = '') {
  const strong = document.createElement('strong');
  strong.textContent = title && `${title}. `;
  problem.replaceChildren(strong, text);
  problem.hidden = !text;
}

function busy(value) {
  isBusy = value;
  submit.setAttribute('aria-disabled', String(value));
  submit.textContent = value ? 'Signing in…' : 'Sign in';
}
