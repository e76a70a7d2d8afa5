// Findings and paths on the drawing itself.
import { h } from './dom.js';

const KIND = 'zj-finding';

export class Marks {
  /** @param where step of a path → { here }: the element of this drawing it stands at, if any */
  constructor(modeler, open, where) {
    this.where = where;
    this.canvas = modeler.get('canvas');
    this.overlays = modeler.get('overlays');
    this.registry = modeler.get('elementRegistry');
    this.open = open;
    this.marked = [];
    this.walked = [];
  }

  /** Colour what has findings; a small button says how many and opens the list. */
  show(findings) {
    for (const [id, tone] of this.marked) if (this.registry.get(id)) this.canvas.removeMarker(id, tone);
    this.overlays.remove({ type: KIND });
    this.marked = [];
    const by = new Map();
    for (const one of findings) if (this.registry.get(one.element)) by.set(one.element, [...(by.get(one.element) ?? []), one]);
    for (const [id, list] of by) {
      const bad = list.some((one) => one.severity === 'error');
      const tone = bad ? 'zj-flag-bad' : 'zj-flag-warn';
      this.canvas.addMarker(id, tone);
      this.marked.push([id, tone]);
      const element = this.registry.get(id);
      const words = list.map((one) => one.message).join('；');
      const html = h('button', { type: 'button', class: `zj-flag ${tone}`, title: words, 'aria-label': `有 ${list.length} 处问题：${words}`, onclick: () => this.open(id) }, bad ? '!' : '?');
      const position = element.waypoints ? { top: -22, left: 0 } : { top: -11, right: 11 };
      this.overlays.add(id, KIND, { position, html });
    }
  }

  /** Show the way of a path up to the step `at`. */
  walk(path, at) {
    for (const [id, name] of this.walked) if (this.registry.get(id)) this.canvas.removeMarker(id, name);
    this.walked = [];
    const ids = path.map((step) => this.place(step));
    ids.slice(0, at + 1).forEach((id, index) => {
      if (!id) return;
      this.put(id, index === at ? 'zj-walk-now' : 'zj-walk');
      const flow = index && this.between(ids[index - 1], id);
      if (flow) this.put(flow, 'zj-walk');
    });
    if (ids[at]) this.goTo(ids[at]);
  }

  /** What stands for a step on this drawing: itself, or the call that holds it; null when it is elsewhere. */
  place(step) {
    const id = this.where(step).here;
    return id && this.registry.get(id) ? id : null;
  }

  between(from, to) {
    const found = this.registry.get(from)?.outgoing?.find((flow) => flow.target?.id === to);
    return found?.id;
  }

  put(id, name) {
    this.canvas.addMarker(id, name);
    this.walked.push([id, name]);
  }

  /** Bring an element to the middle of what is seen. */
  goTo(id) {
    const element = this.registry.get(id);
    if (!element) return false;
    const box = this.canvas.viewbox();
    const middle = element.waypoints ? element.waypoints[Math.floor(element.waypoints.length / 2)] : { x: element.x + element.width / 2, y: element.y + element.height / 2 };
    this.canvas.viewbox({ x: middle.x - box.width / 2, y: middle.y - box.height / 2, width: box.width, height: box.height });
    return true;
  }
}
