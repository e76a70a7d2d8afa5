// The board of a form: sections with their questions, dragged or moved by buttons.
import Sortable from 'sortablejs';
import { h, icon } from '../dom.js';
import { KINDS, kindOf } from './model.js';

const GROUP = 'questions';

export class Board {
  /**
   * @param parts { palette, sections, error }: elements
   * @param model the form
   * @param onChange called after each change
   */
  constructor(parts, model, { handled, onChange }) {
    Object.assign(this, parts);
    this.model = model;
    this.handled = handled;
    this.onChange = onChange;
    this.chosen = null;
    this.readOnly = false;
    this.props = null;
    this.makePalette();
  }

  makePalette() {
    const items = Object.entries(KINDS).map(([kind, [words, sign]]) => h('li', { 'data-kind': kind }, h('button', { type: 'button', onclick: () => this.add(kind) }, icon(sign), words)));
    this.palette.replaceChildren(...items);
    this.paletteSort = Sortable.create(this.palette, { group: { name: GROUP, pull: 'clone', put: false }, sort: false, animation: 120 });
  }

  allow(writable) {
    this.readOnly = !writable;
    this.paletteSort.option('disabled', !writable);
    for (const one of this.palette.querySelectorAll('button')) one.disabled = !writable;
    this.render();
  }

  add(kind) {
    const { section } = this.chosen && !('fields' in this.chosen) ? this.model.place(this.chosen) : { section: undefined };
    const at = 'fields' in (this.chosen ?? {}) ? this.model.sections.indexOf(this.chosen) : section;
    this.choose(this.model.add(kind, at === undefined ? undefined : at));
    this.changed();
  }

  choose(what) {
    this.chosen = what;
    this.render();
  }

  /** After a change from the properties: the board is drawn again, the properties keep their place. */
  changed() {
    this.error.textContent = '';
    this.draw();
    this.onChange();
  }

  wrong(words) {
    this.error.textContent = words;
  }

  /** What the server holds people to, by field: shown beside the properties. */
  say(rules) {
    this.words = new Map(rules.map((one) => [one.field, one.rules.length ? one.rules : ['不核对']]));
    this.props?.holding?.();
  }

  render() {
    this.draw();
    this.props?.render();
  }

  draw() {
    const focused = document.activeElement?.dataset?.focus;
    this.sections.replaceChildren(
      h('button', { type: 'button', class: `zj-d-whole${this.chosen === null ? ' zj-on' : ''}`, 'aria-pressed': String(this.chosen === null), onclick: () => this.choose(null), 'data-focus': 'form' }, h('b', {}, this.model.title || '（没有名称）'), h('small', {}, '点这里改表单名称、办理说明和提交按钮')),
      ...this.model.sections.map((one, index) => this.drawSection(one, index)),
    );
    if (focused) this.sections.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  drawSection(section, index) {
    const list = h('ol', { class: 'zj-d-list', 'data-section': index }, section.fields.map((one) => this.drawField(one)));
    Sortable.create(list, {
      group: GROUP,
      handle: '.zj-d-grip',
      animation: 120,
      disabled: this.readOnly,
      ghostClass: 'zj-d-ghost',
      onAdd: (event) => this.dropped(event, index),
      onUpdate: (event) => this.dropped(event, index),
    });
    const title = this.model.sections.length > 1 || section.title ? h('button', { type: 'button', class: `zj-d-sec${this.chosen === section ? ' zj-on' : ''}`, 'aria-pressed': String(this.chosen === section), onclick: () => this.choose(section), 'data-focus': `section-${index}` }, section.title || '（没有标题的一节）') : null;
    return h('section', { class: 'zj-d-section', 'aria-label': section.title || '表单内容' }, title, list);
  }

  dropped(event, section) {
    const { kind, key } = event.item.dataset;
    const at = event.newDraggableIndex ?? event.newIndex;
    if (kind) {
      event.item.remove();
      this.choose(this.model.add(kind, section, at));
    } else {
      const field = this.model.find(key);
      this.model.move(field, section, at);
      this.chosen = field;
    }
    this.changed();
    this.props?.render();
  }

  drawField(field) {
    const { prop, ui, required } = field;
    const kind = kindOf(prop, ui);
    const title = prop.title || field.key;
    const on = this.chosen === field;
    const move = (by) => {
      this.model.nudge(field, by);
      this.changed();
    };
    const remove = () => {
      this.model.remove(field);
      if (on) this.chosen = null;
      this.changed();
      this.props?.render();
    };
    const signs = [KINDS[kind][0], field.key, ui['ui:visibleIf'] ? '有条件' : '', prop.readOnly ? '系统填写' : ''].filter(Boolean);
    return h(
      'li',
      { class: `zj-d-item zj-w-${ui['ui:width'] ?? 12}${on ? ' zj-on' : ''}`, 'data-key': field.key },
      h('span', { class: 'zj-d-grip', 'aria-hidden': 'true' }, '⠿'),
      h('button', { type: 'button', class: 'zj-d-pick', 'aria-pressed': String(on), onclick: () => this.choose(field), 'data-focus': `pick-${field.key}` }, h('b', {}, title, required && h('span', { class: 'zj-star' }, ' *')), h('small', {}, signs.join(' · '))),
      h(
        'span',
        { class: 'zj-d-ops' },
        h('button', { type: 'button', disabled: this.readOnly, 'aria-label': `上移“${title}”`, onclick: () => move(-1), 'data-focus': `up-${field.key}` }, icon('arrow-up')),
        h('button', { type: 'button', disabled: this.readOnly, 'aria-label': `下移“${title}”`, onclick: () => move(1), 'data-focus': `down-${field.key}` }, icon('arrow-down')),
        h('button', { type: 'button', disabled: this.readOnly, 'aria-label': `删除“${title}”`, onclick: remove }, icon('trash')),
      ),
    );
  }

  addSection() {
    this.choose(this.model.addSection());
    this.changed();
  }

  moveSection(section, by) {
    const { sections } = this.model;
    const at = sections.indexOf(section);
    if (at + by < 0 || at + by >= sections.length) return;
    sections.splice(at, 1);
    sections.splice(at + by, 0, section);
    this.changed();
  }

  removeSection(section) {
    this.model.removeSection(section);
    this.choose(null);
    this.changed();
  }
}
