// An expression field: completion over what the process knows, and what is wrong with it beside the field.
import { freshId, h, pausing, send } from '../dom.js';

const WORD = /[A-Za-z_][A-Za-z0-9_]*$/;
const IN_VALUE = /([A-Za-z_][A-Za-z0-9_]*)\s*(?:==|!=|in\s*[[(](?:[^\])]*,)?)\s*(['"]?)([^'"\])]*)$/;

/** What can follow the text before the caret: values of the variable just compared, else names. */
export function proposals(before, { variables, functions }) {
  const compared = IN_VALUE.exec(before);
  const variable = compared && variables.find((one) => one.name === compared[1]);
  if (variable?.values.length) {
    const start = before.length - compared[2].length - compared[3].length;
    return variable.values
      .filter(([value]) => String(value).startsWith(compared[3]))
      .map(([value, words]) => ({ start, text: typeof value === 'string' ? `'${value}'` : String(value), words }));
  }
  const word = WORD.exec(before);
  if (!word) return [];
  const start = word.index;
  const found = [...variables.map((one) => ({ start, text: one.name, words: one.label })), ...functions.map((one) => ({ start, text: one.name, words: one.help, call: true }))];
  return found.filter((one) => one.text.startsWith(word[0]) && one.text !== word[0]).slice(0, 12);
}

/** A field for an expression of the closed language; commits only what the server has found to be one. */
export function expression(label, value, commit, { know, url, help, mode = 'eval', lines = 2, key, optional = true }) {
  const id = freshId();
  const area = h('textarea', { id, rows: lines, class: 'form-control zj-p-code', spellcheck: 'false', autocomplete: 'off', role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': `${id}-list`, 'aria-describedby': `${id}-err` });
  const list = h('ul', { id: `${id}-list`, class: 'zj-p-list', role: 'listbox', 'aria-label': `${label}：可选内容`, hidden: true });
  const error = h('p', { class: 'zj-p-error', id: `${id}-err`, role: 'status' });
  area.value = value ?? '';
  area.dataset.key = key ?? label;
  let offered = [];
  let at = 0;
  let asked = 0;
  let given = area.value;

  const close = () => {
    offered = [];
    list.hidden = true;
    area.setAttribute('aria-expanded', 'false');
    area.removeAttribute('aria-activedescendant');
  };
  const mark = () => {
    [...list.children].forEach((item, index) => item.setAttribute('aria-selected', String(index === at)));
    area.setAttribute('aria-activedescendant', `${id}-o${at}`);
  };
  const take = (one) => {
    const caret = area.selectionStart;
    const rest = area.value.slice(caret).replace(/^['"]/, '');
    area.value = area.value.slice(0, one.start) + one.text + (one.call ? '()' : '') + rest;
    const end = one.start + one.text.length + (one.call ? 1 : 0);
    area.setSelectionRange(end, end);
    close();
    area.focus();
    judge();
  };
  const offer = () => {
    offered = proposals(area.value.slice(0, area.selectionStart), know);
    if (!offered.length) return close();
    at = 0;
    list.replaceChildren(
      ...offered.map((one, index) => h('li', { id: `${id}-o${index}`, role: 'option', onmousedown: (event) => (event.preventDefault(), take(one)) }, h('code', {}, one.text), h('span', {}, one.words))),
    );
    list.hidden = false;
    area.setAttribute('aria-expanded', 'true');
    mark();
  };
  const judge = pausing(async () => {
    const source = area.value.trim();
    const turn = ++asked;
    let wrong = '';
    if (source || !optional) {
      const answer = await send(url, { body: { source, mode } });
      if (turn !== asked) return;
      wrong = answer.ok ? (await answer.json()).error : '现在无法检查，请稍后再试。';
    }
    const unknown = wrong || mode !== 'eval' ? '' : strangers(source, know);
    error.textContent = wrong || unknown;
    error.classList.toggle('zj-t-warn', Boolean(unknown));
    area.classList.toggle('is-invalid', Boolean(wrong));
    if (wrong) area.setAttribute('aria-invalid', 'true');
    else area.removeAttribute('aria-invalid');
    if (!wrong && area.value !== given) {
      given = area.value;
      commit(source);
    }
  }, 400);

  area.addEventListener('input', () => (offer(), judge()));
  area.addEventListener('blur', () => (close(), judge.now()));
  area.addEventListener('keydown', (event) => {
    if (!offered.length) return;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      at = (at + moves[event.key] + offered.length) % offered.length;
      mark();
    } else if (event.key === 'Enter' || event.key === 'Tab') take(offered[at]);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  if (area.value) judge();
  return h('div', { class: 'zj-p-row zj-p-expr' }, h('label', { class: 'zj-p-label', for: id }, label), area, list, error, help && h('p', { class: 'zj-p-help' }, help));
}

/** Names in an expression that no step of this process sets. */
function strangers(source, { variables, functions }) {
  const known = new Set([...variables, ...functions].map((one) => one.name));
  const words = ['and', 'or', 'not', 'in', 'is', 'if', 'else', 'true', 'false', 'null', 'True', 'False', 'None'];
  const names = source.replace(/'[^']*'|"[^"]*"/g, '').match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? [];
  const strange = [...new Set(names)].filter((name) => !known.has(name) && !words.includes(name));
  return strange.length ? `没有哪一步会给出：${strange.join('、')}。请核对名称。` : '';
}
