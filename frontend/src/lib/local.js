// What was typed, kept in this browser until the server has it: for a lost connection, an ended session, a closed tab.
// Signed in: for this person, until signed out. Not signed in (a resident, perhaps on a computer for everybody): for
// two hours, without the ways to reach him, and with a button that takes it away.
const PREFIX = 'zj-typed:';
const KEEP = 7 * 24 * 3600 * 1000;
const KEEP_OF_VISITORS = 2 * 3600 * 1000;

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? '';
export const person = () => meta('zj-person');
const tooOld = (copy) => Date.now() - copy.at > (person() ? KEEP : KEEP_OF_VISITORS);
const keyOf = (form) => `${PREFIX}${person()}:${location.pathname}#${form.id}`;
const UNSENT = ['csrf_token', 'idempotency_key', 'restore'];
const PRIVATE = '[autocomplete=tel], [autocomplete=name], [autocomplete=email]';

export const pairsOf = (form) =>
  [...new FormData(form)].filter(([name, value]) => !UNSENT.includes(name) && typeof value === 'string');

export function pairsToKeep(form) {
  const left = person() ? [] : [...form.querySelectorAll(PRIVATE)].map((field) => field.name);
  return pairsOf(form).filter(([name]) => !left.includes(name));
}

// answers whether it could be kept: a full or forbidden store is told to the person
export function keep(form, { sent = false } = {}) {
  try {
    localStorage.setItem(keyOf(form), JSON.stringify({ at: Date.now(), pairs: pairsToKeep(form), sent }));
    return true;
  } catch {
    return false; // the caller warns before the page is left
  }
}

export function forget(form) {
  localStorage.removeItem(keyOf(form));
}

export function kept(form) {
  const copy = JSON.parse(localStorage.getItem(keyOf(form)) ?? 'null');
  return copy && !tooOld(copy) ? copy : null;
}

// a form that was sent and has led to another page is done; old copies go too
export function tidy() {
  if (document.querySelector('[data-error]')) return;
  const here = `${PREFIX}${person()}:${location.pathname}#`;
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(`${PREFIX}${person()}:`))) {
    const copy = JSON.parse(localStorage.getItem(key));
    const shown = key.startsWith(here) && document.getElementById(key.slice(here.length));
    if ((copy.sent && !shown) || tooOld(copy)) localStorage.removeItem(key);
  }
}

// on a shared computer nothing stays behind
export function forgetAll() {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(PREFIX))) localStorage.removeItem(key);
}
