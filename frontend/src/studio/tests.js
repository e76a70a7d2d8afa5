// Tests of a decision table: given these inputs, these answers. Kept as a file beside the table.
import { freshId, h } from './dom.js';

/** What is typed, as the table sees it: whole numbers, yes and no, else text; quotes make anything text. */
export function valueOf(typed) {
  const text = typed.trim();
  if (/^".*"$/.test(text)) return text.slice(1, -1);
  if (/^-?\d{1,24}$/.test(text)) return Number(text);
  if (['true', '是'].includes(text)) return true;
  if (['false', '否'].includes(text)) return false;
  return text;
}

/** The other way round. */
export function wordsOf(value) {
  if (typeof value === 'boolean') return value ? '是' : '否';
  if (typeof value === 'string' && valueOf(value) !== value) return `"${value}"`;
  return value === null || value === undefined ? '' : String(value);
}

export class Tests {
  constructor(place, onChange) {
    this.place = place;
    this.onChange = onChange;
    this.rows = [];
    this.writable = true;
    this.shape = { variables: [], outputs: [], inputs: [] };
  }

  read(text) {
    this.rows = text ? JSON.parse(text).tests : [];
  }

  text() {
    return `${JSON.stringify({ tests: this.rows }, null, 2)}\n`;
  }

  allow(writable) {
    this.writable = writable;
    this.render();
  }

  add(row) {
    this.rows.push(row);
    this.render();
    this.onChange();
    this.place.querySelector('li:last-child input')?.focus();
  }

  /** What the server says of the table and of each test. */
  show(found) {
    this.error = found.error;
    if (found.error) return this.render();
    const shape = { variables: found.variables, outputs: found.outputs, inputs: found.inputs };
    const same = JSON.stringify(shape) === JSON.stringify(this.shape);
    this.shape = shape;
    this.results = found.tests;
    if (!same || this.place.querySelectorAll('.zj-x-test').length !== this.rows.length) this.render();
    else this.place.querySelectorAll('.zj-x-result').forEach((line, index) => this.result(line, index));
    return undefined;
  }

  render() {
    const fresh = () => ({ name: '', inputs: Object.fromEntries(this.shape.variables.map((name) => [name, ''])), expected: Object.fromEntries(this.shape.outputs.map((one) => [one.name, ''])) });
    this.place.replaceChildren(
      h('p', { class: 'zj-p-help' }, '写下“给这些输入，应得这个结果”。以后改表时，每次检查都会再跑一遍。'),
      ...(this.error ? [h('p', { class: 'zj-f-none zj-t-bad' }, this.error)] : []),
      h('ol', { class: 'zj-f-list' }, this.rows.map((row, index) => this.card(row, index))),
      h('p', { class: 'zj-f-acts' }, h('button', { type: 'button', class: 'btn btn-sm', disabled: !this.writable || Boolean(this.error), onclick: () => this.add(fresh()), 'data-act': 'add-test' }, '加一条测试')),
    );
  }

  card(row, index) {
    const line = h('p', { class: 'zj-x-result', role: 'status' });
    this.result(line, index);
    const label = (name, list) => list.find((one) => one.name === name)?.label ?? name;
    const remove = () => {
      this.rows.splice(index, 1);
      this.results?.splice(index, 1);
      this.render();
      this.onChange();
    };
    return h(
      'li',
      { class: 'zj-x-test' },
      this.field('名称', row.name, (text) => { row.name = text; }),
      h('p', { class: 'zj-x-h' }, '输入'),
      Object.keys(row.inputs).map((name) => this.field(label(name, this.shape.inputs), wordsOf(row.inputs[name]), (text) => { row.inputs[name] = valueOf(text); })),
      h('p', { class: 'zj-x-h' }, '应得'),
      Object.keys(row.expected).map((name) => this.field(label(name, this.shape.outputs), wordsOf(row.expected[name]), (text) => { row.expected[name] = valueOf(text); })),
      line,
      h('button', { type: 'button', class: 'btn btn-sm', disabled: !this.writable, onclick: remove, 'aria-label': `删除第 ${index + 1} 条测试` }, '删除'),
    );
  }

  field(words, value, put) {
    const id = freshId();
    const input = h('input', { id, class: 'form-control', value, disabled: !this.writable, autocomplete: 'off', oninput: (event) => (put(event.target.value), this.onChange()) });
    return h('div', { class: 'zj-x-field' }, h('label', { for: id }, words), input);
  }

  result(line, index) {
    const open = Object.values(this.rows[index].inputs).includes('');
    const one = open ? null : this.results?.[index];
    line.classList.toggle('zj-t-good', Boolean(one?.ok));
    line.classList.toggle('zj-t-bad', Boolean(one && !one.ok));
    if (open) line.textContent = '请填写全部输入';
    else if (!one) line.textContent = '';
    else if (one.ok) line.textContent = '✓ 符合';
    else if (one.error) line.textContent = `✗ ${one.error}`;
    else line.textContent = `✗ 实际得到 ${Object.entries(one.got).map(([name, value]) => `${name}：${wordsOf(value)}`).join('，')}`;
  }
}
