// The frame every editor stands in: state of saving, the lock, tabs, dialogs with one question.
import { freshId, h } from './dom.js';

const TONES = { saved: 'good', dirty: '', saving: '', offline: 'warn', conflict: 'bad', readonly: 'warn' };

/** Shows where saving stands; offers a way out of a conflict. */
export function savingState(place, { reload }) {
  return (state, words) => {
    place.dataset.state = state;
    place.className = `zj-s-state${TONES[state] ? ` zj-t-${TONES[state]}` : ''}`;
    place.replaceChildren(words);
    if (state === 'conflict') place.append(' ', h('button', { type: 'button', class: 'btn btn-sm', onclick: reload }, '载入最新内容'));
  };
}

/** Tabs by the usual keys; `onShow(name)` when one is opened. Answers a function that opens one. */
export function tabs(list, onShow = () => {}) {
  const buttons = [...list.querySelectorAll('[role="tab"]')];
  const open = (name, focus = false) => {
    for (const one of buttons) {
      const on = one.dataset.tab === name;
      one.setAttribute('aria-selected', String(on));
      one.tabIndex = on ? 0 : -1;
      document.getElementById(one.getAttribute('aria-controls')).hidden = !on;
      if (on && focus) one.focus();
    }
    onShow(name);
  };
  buttons.forEach((one, index) => {
    one.addEventListener('click', () => open(one.dataset.tab));
    one.addEventListener('keydown', (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (by) open(buttons[(index + by + buttons.length) % buttons.length].dataset.tab, true);
    });
  });
  return open;
}

/** Ask for a few words: answers them by name, or null when the dialog was closed. */
export function question(title, fields, yes = '确定') {
  const error = h('p', { class: 'zj-p-error', role: 'alert' });
  const inputs = fields.map(({ name, label, value = '', pattern, help }) => {
    const id = freshId();
    const input = h('input', { id, name, class: 'form-control', value, required: true, pattern, autocomplete: 'off' });
    return h('div', { class: 'zj-p-row' }, h('label', { class: 'zj-p-label', for: id }, label), input, help && h('p', { class: 'zj-p-help' }, help));
  });
  const heading = freshId();
  const form = h('form', { novalidate: true }, h('h2', { id: heading }, title), ...inputs, error);
  const dialog = h('dialog', { class: 'zj-dialog zj-s-dialog', 'aria-labelledby': heading }, form);
  form.append(h('div', { class: 'zj-dialog-acts' }, h('button', { type: 'button', class: 'btn', onclick: () => dialog.close() }, '取消'), h('button', { type: 'submit', class: 'btn btn-primary' }, yes)));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    let given = null;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const wrong = [...form.elements].find((one) => one.name && !one.checkValidity());
      if (wrong) {
        error.textContent = wrong.value ? `“${wrong.value}”不符合要求。` : '请填写。';
        wrong.focus();
        return;
      }
      given = Object.fromEntries(new FormData(form));
      dialog.close();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(given);
    });
  });
}
