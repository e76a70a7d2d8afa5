// What was typed, kept in this browser until the server has it: for a lost connection, an ended session, a closed tab.
// Signed in: for this person, until signed out. Not signed in (a resident on any computer): for this tab only.
const PREFIX = 'zj-typed:';
const KEEP = 7 * 24 * 3600 * 1000;

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? '';
export const person = () => meta('zj-person');
const store = () => (person() ? localStorage : sessionStorage);
const keyOf = (form) => `${PREFIX}${person()}:${location.pathname}#${form.id}`;
const UNSENT = ['csrf_token', 'idempotency_key', 'restore'];

export const pairsOf = (form) =>
  [...new FormData(form)].filter(([name, value]) => !UNSENT.includes(name) && typeof value === 'string');

// answers whether it could be kept: a full or forbidden store is told to the person
export function keep(form, { sent = false } = {}) {
  try {
    store().setItem(keyOf(form), JSON.stringify({ at: Date.now(), pairs: pairsOf(form), sent }));
    return true;
  } catch {
    return false; // the caller warns before the page is left
  }
}

export function forget(form) {
  store().removeItem(keyOf(form));
}

export function kept(form) {
  const text = store().getItem(keyOf(form));
  return text ? JSON.parse(text) : null;
}

// a form that was sent and has led to another page is done; old copies go too
export function tidy() {
  if (document.querySelector('[data-error]')) return;
  const here = `${PREFIX}${person()}:${location.pathname}#`;
  const all = store();
  for (const key of Object.keys(all).filter((one) => one.startsWith(`${PREFIX}${person()}:`))) {
    const copy = JSON.parse(all.getItem(key));
    const shown = key.startsWith(here) && document.getElementById(key.slice(here.length));
    if ((copy.sent && !shown) || Date.now() - copy.at > KEEP) all.removeItem(key);
  }
}

// on a shared computer nothing stays behind
export function forgetAll() {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(PREFIX))) localStorage.removeItem(key);
}
