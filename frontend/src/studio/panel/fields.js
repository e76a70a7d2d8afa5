// The fields of the properties panel: a label, a control, help, an error beside it.
import { freshId, h, pausing } from '../dom.js';

const TYPING = 500;

function row(label, control, { help, id }) {
  const helpId = help ? `${id}-help` : null;
  if (helpId) control.setAttribute('aria-describedby', helpId);
  return h('div', { class: 'zj-p-row' }, h('label', { class: 'zj-p-label', for: id }, label), control, help && h('p', { class: 'zj-p-help', id: helpId }, help));
}

/** Commits what is typed when the typing pauses or the field is left; never while an input method composes. */
function typed(control, commit) {
  let given = control.value;
  const put = () => {
    if (control.value === given) return;
    given = control.value;
    commit(control.value);
  };
  const later = pausing(put, TYPING);
  control.addEventListener('input', (event) => !event.isComposing && later());
  control.addEventListener('compositionend', later);
  control.addEventListener('change', () => (later.now(), put()));
  return control;
}

export function text(label, value, commit, { help, lines, placeholder, type = 'text', min, max, unit, readOnly, key } = {}) {
  const id = freshId();
  const control = lines
    ? h('textarea', { id, rows: lines, class: 'form-control', placeholder, readOnly })
    : h('input', { id, type, min, max, class: 'form-control', placeholder, readOnly, spellcheck: 'false', autocomplete: 'off' });
  control.value = value ?? '';
  control.dataset.key = key ?? label;
  if (!readOnly) typed(control, commit);
  const made = row(label, control, { help, id });
  if (unit) {
    const box = h('div', { class: 'zj-p-unit' });
    control.replaceWith(box);
    box.append(control, h('span', {}, unit));
  }
  return made;
}

export function number(label, value, commit, options = {}) {
  return text(label, value, (given) => commit(given.trim()), { type: 'number', min: 0, ...options });
}

/** A list to choose from: [value, words] or [value, words, group], those of a group side by side. */
export function select(label, value, options, commit, { help, empty = '请选择', key } = {}) {
  const id = freshId();
  const known = options.some(([one]) => one === value);
  const control = h('select', { id, class: 'form-select', onchange: (event) => commit(event.target.value) });
  if (empty !== null) control.append(h('option', { value: '' }, empty));
  if (value && !known) control.append(h('option', { value }, `${value}（没有找到）`));
  const groups = new Map();
  for (const [one, words, name] of options) {
    if (name && !groups.has(name)) {
      groups.set(name, h('optgroup', { label: name }));
      control.append(groups.get(name));
    }
    (groups.get(name) ?? control).append(h('option', { value: one }, words));
  }
  control.value = value ?? '';
  control.dataset.key = key ?? label;
  const made = row(label, control, { help, id });
  if (value && !known) made.append(h('p', { class: 'zj-p-error' }, `“${value}”不在可选范围内，请重新选择。`));
  return made;
}

export function check(label, value, commit, { help, key } = {}) {
  const id = freshId();
  const control = h('input', { id, type: 'checkbox', class: 'form-check-input', checked: Boolean(value), onchange: (event) => commit(event.target.checked) });
  control.dataset.key = key ?? label;
  return h('div', { class: 'zj-p-row' }, h('label', { class: 'zj-p-check', for: id }, control, h('span', {}, label)), help && h('p', { class: 'zj-p-help' }, help));
}

export function checks(label, values, options, commit, { help } = {}) {
  const boxes = options.map(([one, words]) => {
    const box = h('input', { type: 'checkbox', class: 'form-check-input', value: one, checked: values.has(one) });
    box.dataset.key = `${label}:${one}`;
    return [box, h('label', { class: 'zj-p-check' }, box, h('span', {}, words))];
  });
  const put = () => commit(new Set(boxes.filter(([box]) => box.checked).map(([box]) => box.value)));
  for (const [box] of boxes) box.addEventListener('change', put);
  return h('fieldset', { class: 'zj-p-row' }, h('legend', { class: 'zj-p-label' }, label), help && h('p', { class: 'zj-p-help' }, help), h('div', { class: 'zj-p-checks' }, boxes.map(([, made]) => made)));
}

export function fact(label, words, tone = '') {
  return h('div', { class: 'zj-p-row' }, h('div', { class: 'zj-p-label' }, label), h('div', { class: `zj-p-fact${tone ? ` zj-t-${tone}` : ''}` }, words));
}

export function note(words, tone = '') {
  return h('p', { class: `zj-p-note${tone ? ` zj-t-${tone}` : ''}` }, words);
}

export function acts(...buttons) {
  return h('div', { class: 'zj-p-acts' }, ...buttons);
}

export function link(words, href) {
  return h('a', { class: 'btn btn-sm', href }, words);
}

export function button(words, act, key) {
  const made = h('button', { type: 'button', class: 'btn btn-sm', onclick: act }, words);
  made.dataset.key = key ?? words;
  return made;
}

export function group(title, ...fields) {
  return h('section', { class: 'zj-p-group' }, h('h3', {}, title), ...fields.flat(2).filter(Boolean));
}

/** A group that is closed until it is wanted. */
export function more(title, open, ...fields) {
  return h('details', { class: 'zj-p-group zj-p-more', open }, h('summary', {}, title), ...fields.flat(2).filter(Boolean));
}
