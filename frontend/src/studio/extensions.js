// Reading and changing what the engine reads of an element; every change can be undone.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';

const values = (node) => node.get('extensionElements')?.get('values') ?? [];

/** The child of an element's extension elements with this type. */
export function extension(element, type) {
  return values(getBusinessObject(element)).find((one) => one.$type === type);
}

/** The value of a spiffworkflow:property. */
export function property(element, name) {
  return (extension(element, 'spiffworkflow:Properties')?.properties ?? []).find((one) => one.name === name)?.value ?? '';
}

/** The lane that holds an element, also through the sub-process around it. */
export function laneOf(element) {
  for (let at = element; at?.parent; at = at.parent) {
    const node = getBusinessObject(at);
    for (const set of [...laneSets(at)]) {
      const lane = innermost(set, node);
      if (lane) return lane;
    }
  }
  return null;
}

function laneSets(element) {
  let node = getBusinessObject(element);
  while (node && !is(node, 'bpmn:Process')) node = node.$parent;
  return node?.get('laneSets') ?? [];
}

function innermost(set, node) {
  for (const lane of set.get('lanes') ?? []) {
    const inner = lane.childLaneSet && innermost(lane.childLaneSet, node);
    if (inner) return inner;
    if ((lane.get('flowNodeRef') ?? []).includes(node)) return lane;
  }
  return null;
}

/** Changes to the drawing, each one step of the undo stack. */
export class Changes {
  constructor(modeler) {
    this.modeling = modeler.get('modeling');
    this.factory = modeler.get('bpmnFactory');
    this.stack = modeler.get('commandStack');
    this.canvas = modeler.get('canvas');
  }

  /** Attributes of the element itself: name, id, default flow … */
  set(element, properties) {
    this.modeling.updateProperties(element, properties);
  }

  /** Attributes of a node below the element. */
  inner(element, node, properties) {
    this.modeling.updateModdleProperties(element, node, properties);
  }

  make(type, properties, parent) {
    const made = this.factory.create(type, properties);
    made.$parent = parent;
    return made;
  }

  /** Set or, with "", remove a spiffworkflow:property. */
  property(element, name, value) {
    this.properties(element, { [name]: value });
  }

  /** Set several at once; the order of the others stays. */
  properties(element, wanted) {
    const old = extension(element, 'spiffworkflow:Properties')?.properties ?? [];
    const left = { ...wanted };
    const kept = old
      .filter((one) => !(one.name in left) || left[one.name] !== '')
      .map((one) => {
        if (!(one.name in left)) return one;
        const made = this.make('spiffworkflow:Property', { name: one.name, value: left[one.name] });
        delete left[one.name];
        return made;
      });
    const fresh = Object.entries(left)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => this.make('spiffworkflow:Property', { name, value }));
    const all = [...kept, ...fresh];
    const holder = this.make('spiffworkflow:Properties', { properties: all });
    for (const one of all) one.$parent = holder;
    this.extension(element, 'spiffworkflow:Properties', all.length ? holder : null);
  }

  /** Put an extension in the place of the old one of its type; null removes it. What is foreign stays. */
  extension(element, type, made) {
    const node = getBusinessObject(element);
    const rest = values(node).filter((one) => one.$type !== type);
    const next = made ? [...rest, made] : rest;
    const holder = next.length ? this.make('bpmn:ExtensionElements', { values: next }, node) : undefined;
    for (const one of next) one.$parent = holder;
    this.set(element, { extensionElements: holder });
  }

  /** An extension that is only a text. */
  body(element, type, value) {
    this.extension(element, type, value.trim() ? this.make(type, { value }) : null);
  }

  /** A formal expression in an attribute of a node below the element; "" removes it. */
  expression(element, node, attribute, source) {
    const made = source.trim() ? this.make('bpmn:FormalExpression', { body: source.trim() }, node) : undefined;
    this.inner(element, node, { [attribute]: made });
  }

  /** The message, signal, error or escalation with this name, made when there is none. */
  root(type, name) {
    const definitions = this.canvas.getRootElement().businessObject.$parent;
    const top = definitions.rootElements.find((one) => one.$type === type && one.name === name);
    if (top) return top;
    const made = this.make(type, { name }, definitions);
    definitions.get('rootElements').push(made);
    return made;
  }
}
