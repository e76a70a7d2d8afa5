// The properties panel: what the chosen element is and does, in the office's words.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { h } from '../dom.js';
import { Changes } from '../extensions.js';
import { callGroups, decisionGroups, scriptGroups, serviceGroups } from './automatic.js';
import { eventGroups } from './events.js';
import { group, more, note, text } from './fields.js';
import { flowGroups } from './flows.js';
import { laneGroups, userGroups } from './people.js';
import { kindName } from './kinds.js';
import { nextGroups } from './next.js';

const ID = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

export class Panel {
  /**
   * @param data what the server tells: lanes, forms, operators, decisions, processes, variables, functions, urls …
   */
  constructor(modeler, place, data) {
    this.modeler = modeler;
    this.place = place;
    this.data = data;
    this.changes = new Changes(modeler);
    this.readOnly = false;
    this.own = false;
    modeler.on('selection.changed', () => this.render());
    modeler.on('commandStack.changed', () => {
      if (!this.own) this.render(); // no answer: one would keep the event from the others
    });
    modeler.on('import.done', () => this.render());
  }

  /** The one chosen element, or the whole diagram. */
  element() {
    const chosen = this.modeler.get('selection').get();
    if (chosen.length > 1) return null;
    const root = this.modeler.get('canvas').getRootElement();
    const one = chosen[0] ?? root;
    if (is(one, 'bpmn:Collaboration')) return this.pool(one);
    return one.type === 'label' ? one.labelTarget : one;
  }

  /** A drawing with one pool is that pool's process. */
  pool(root) {
    const pools = root.children.filter((one) => is(one, 'bpmn:Participant'));
    return pools.length === 1 ? pools[0] : root;
  }

  /** Outputs of a table that has just been bound can be asked about from now on. */
  learn(outputs) {
    const known = new Set(this.data.variables.map((one) => one.name));
    for (const one of outputs) if (!known.has(one.name)) this.data.variables.push({ name: one.name, label: one.label ?? one.name, kind: 'text', values: [] });
  }

  /** Change the drawing from a field; `again` when the change makes other fields appear. */
  apply(act, again = false) {
    this.own = true;
    try {
      act(this.changes);
    } finally {
      this.own = false;
    }
    if (again) this.render();
  }

  render() {
    const focused = this.place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const element = this.element();
    if (element && !getBusinessObject(element)?.$type) return; // nothing is loaded yet
    if (!element) {
      this.place.replaceChildren(note('已选择多个元素。只选一个时可以修改它的属性。'));
      return;
    }
    const scroll = element === this.shown ? this.place.scrollTop : 0;
    this.shown = element;
    this.place.replaceChildren(this.head(element), ...this.groups(element));
    this.place.scrollTop = scroll;
    if (this.readOnly) for (const field of this.place.querySelectorAll('input,select,textarea,button')) field.disabled = true;
    if (focused) [...this.place.querySelectorAll('[data-key]')].find((one) => one.dataset.key === focused)?.focus();
  }

  head(element) {
    const node = getBusinessObject(element);
    return h('header', { class: 'zj-p-head' }, h('p', {}, kindName(element)), h('h2', {}, node.get('name') || node.get('text') || '（没有名称）'));
  }

  groups(element) {
    const parts = [this.basics(element)];
    for (const make of [userGroups, laneGroups, serviceGroups, decisionGroups, callGroups, scriptGroups, eventGroups, flowGroups, nextGroups]) parts.push(...make(this, element));
    parts.push(this.advanced(element));
    return parts;
  }

  basics(element) {
    if (is(element, 'bpmn:Lane') || is(element, 'bpmn:TextAnnotation')) return '';
    const node = getBusinessObject(element);
    const rename = (name) => this.apply((changes) => {
      if (element === this.modeler.get('canvas').getRootElement()) changes.inner(element, node, { name });
      else changes.set(element, { name });
      this.place.querySelector('.zj-p-head h2').textContent = name || '（没有名称）';
    });
    const what = is(element, 'bpmn:SequenceFlow') ? '连线上的文字' : '名称';
    return group('基本', text(what, node.get('name'), rename), is(element, 'bpmn:Participant') && this.process(element));
  }

  /** The process behind a pool has a name of its own, which lists and cases show. */
  process(element) {
    const process = getBusinessObject(element).processRef;
    return process && text('流程名称', process.get('name'), (name) => this.apply((changes) => changes.inner(element, process, { name })), { help: '在发起、台账和流程工坊里显示。' });
  }

  advanced(element) {
    const node = getBusinessObject(element);
    const documentation = node.get('documentation')?.[0]?.text ?? '';
    const describe = (given) => this.apply((changes) => {
      const made = given.trim() ? [changes.make('bpmn:Documentation', { text: given }, node)] : [];
      changes.inner(element, node, { documentation: made });
    });
    const renumber = (id) => {
      const taken = this.modeler.get('elementRegistry').get(id);
      if (!ID.test(id) || (taken && taken !== element)) this.render();
      else this.apply((changes) => changes.set(element, { id }));
    };
    return more('说明和编号', false, text('说明', documentation, describe, { lines: 3, help: '写给以后维护流程的人，办理时不显示。' }), text('编号', node.get('id'), renumber, { help: '系统用来认出这个元素。正在办理的项目靠它找到自己的位置，一般不要改。' }));
  }
}
