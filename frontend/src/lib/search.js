// The box at the head of each page: the first results while one types, moved through with the arrow keys.
import '../styles/search.css';

const WAIT = 180;

export function installSearch() {
  for (const form of document.querySelectorAll('[data-suggest]')) suggest(form);
}

function suggest(form) {
  const input = form.querySelector('input[type=search]');
  const list = form.querySelector('[role=listbox]');
  const status = form.querySelector('[data-found]');
  let asked = '';
  let timer = 0;
  let chosen = -1;

  const options = () => [...list.querySelectorAll('a[role=option]')];

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  function choose(number) {
    const rows = options();
    if (!rows.length) return;
    chosen = (number + rows.length + 1) % (rows.length + 1);
    rows.forEach((row, n) => row.setAttribute('aria-selected', String(n === chosen)));
    const row = rows[chosen];
    if (row) {
      input.setAttribute('aria-activedescendant', row.id);
      row.scrollIntoView({ block: 'nearest' });
    } else input.removeAttribute('aria-activedescendant');
  }

  async function ask() {
    const typed = input.value.trim();
    if (!typed) {
      asked = '';
      close();
      return;
    }
    if (typed === asked && !list.hidden) return;
    asked = typed;
    const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(typed)}`, {
      headers: { Accept: 'text/html' },
    }).catch(() => null);
    // Whoever typed on is answered by the later question; a session that ended answers with another page.
    if (!answer?.ok || answer.redirected || asked !== typed || document.activeElement !== input) return;
    list.innerHTML = await answer.text();
    const rows = options();
    list.hidden = !list.childElementCount;
    input.setAttribute('aria-expanded', String(!list.hidden));
    input.removeAttribute('aria-activedescendant');
    chosen = -1;
    for (const row of rows) row.setAttribute('aria-selected', 'false');
    status.textContent = rows.length ? `${rows.at(-1).textContent.trim()}，用上下键选择` : list.textContent.trim();
  }

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  };

  // A Chinese input method is still composing: its letters are not what is looked for, except as initials.
  input.addEventListener('input', later);
  input.addEventListener('compositionend', later);
  input.addEventListener('focus', () => {
    if (input.value.trim()) later();
  });
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (list.hidden) return;
      event.preventDefault();
      if (event.key === 'ArrowDown') choose(chosen + 1);
      else choose(chosen < 0 ? options().length - 1 : chosen - 1);
    } else if (event.key === 'Enter' && !list.hidden && options()[chosen]) {
      event.preventDefault();
      options()[chosen].click();
    } else if (event.key === 'Escape' && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  form.addEventListener('focusout', (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
  form.addEventListener('submit', (event) => {
    if (!input.value.trim()) event.preventDefault();
  });
}
