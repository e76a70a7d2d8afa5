// Row tables: adding and removing rows, subtotals and totals in exact integers.
import { formatFen, grouped, parseFen, parseWhole } from './fen.js';

export function installRows(form) {
  for (const table of form.querySelectorAll('[data-rows]')) new Rows(form, table);
}

class Rows {
  constructor(form, root) {
    this.form = form;
    this.root = root;
    this.body = root.querySelector('tbody');
    this.template = root.querySelector(':scope > template');
    this.adder = root.querySelector('[data-add]');
    this.rule = root.dataset.sum ? JSON.parse(root.dataset.sum) : null;
    this.money = root.hasAttribute('data-money');
    this.next = this.body.rows.length;
    this.adder?.addEventListener('click', () => this.add());
    this.body.addEventListener('click', (event) => {
      const button = event.target.closest('[data-del]');
      if (button) this.remove(button.closest('[data-row]'));
    });
    form.addEventListener('input', () => this.refresh());
    form.addEventListener('focusout', () => this.refresh());
    this.refresh();
  }

  add() {
    const row = this.template.content.firstElementChild.cloneNode(true);
    const number = String(this.next++);
    for (const part of row.querySelectorAll('[id],[name],[for],[aria-labelledby],[data-upload-field]')) {
      for (const name of ['id', 'name', 'for', 'aria-labelledby', 'data-upload-field']) {
        if (part.hasAttribute(name)) part.setAttribute(name, part.getAttribute(name).replaceAll('__i__', number));
      }
    }
    this.body.append(row);
    this.root.dispatchEvent(new CustomEvent('zj:row', { bubbles: true, detail: { row } }));
    this.refresh();
    row.querySelector('input:not([type=hidden]), select, textarea')?.focus();
  }

  remove(row) {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.refresh();
    (near?.querySelector('input:not([type=hidden]), select, textarea') ?? this.adder)?.focus();
    this.root.dispatchEvent(new Event('change', { bubbles: true }));
  }

  cell(row, column) {
    const place = row.querySelector(`[data-column="${column}"]`);
    if (!place) return null;
    if (place.dataset.value !== undefined) return BigInt(place.dataset.value);
    const input = place.querySelector('input');
    return input.matches('[data-fen]') ? parseFen(input.value) : parseWhole(input.value);
  }

  refresh() {
    const rows = [...this.body.rows];
    let total = 0n;
    rows.forEach((row, index) => {
      row.querySelector('[data-n]').textContent = index + 1;
      const del = row.querySelector('[data-del]');
      if (del) del.disabled = rows.length <= Math.max(1, Number(this.root.dataset.min));
      if (!this.rule) return;
      const one = this.cell(row, this.rule.column) ?? 0n;
      const times = this.rule.times ? (this.cell(row, this.rule.times) ?? 0n) : 1n;
      total += one * times;
      const sub = row.querySelector('[data-sub]');
      if (sub) sub.textContent = formatFen(one * times);
    });
    if (this.adder) this.adder.disabled = rows.length >= Number(this.root.dataset.max);
    if (this.rule) this.show(total);
  }

  // the live counterpart of the server's rule for a total
  show(total) {
    const words = (value) => (this.money ? `${formatFen(value)} 元` : grouped(value));
    this.root.querySelector('[data-total]').textContent = words(total);
    const wanted = this.rule.total !== undefined ? BigInt(this.rule.total) : this.other(this.rule.equalsField);
    const most = this.other(this.rule.limitField);
    const gap = this.root.querySelector('[data-gap]');
    let text = '';
    let bad = false;
    if (wanted !== null) {
      const left = wanted - total;
      bad = left !== 0n && total !== 0n;
      text = left !== 0n ? `应为 ${words(wanted)}，${left > 0n ? '还差' : '多出'} ${words(left > 0n ? left : -left)}` : '合计正确';
    } else if (most !== null) {
      bad = total > most;
      text = bad ? `超过上限 ${words(total - most)}` : `上限 ${words(most)}`;
    }
    if (gap.textContent !== text) gap.textContent = text;
    gap.classList.toggle('zj-gap-bad', bad);
    gap.classList.toggle('zj-gap-good', wanted !== null && wanted === total);
  }

  // another field of the form a total is compared with; null while it holds no number
  other(name) {
    if (!name) return null;
    const input = this.form.elements.namedItem(name);
    const fixed = this.form.querySelector(`[data-field="${name}"] .zj-num`);
    const text = input?.value ?? fixed?.textContent ?? '';
    return (this.money ? parseFen(text) : parseWhole(text)) ?? null;
  }
}
