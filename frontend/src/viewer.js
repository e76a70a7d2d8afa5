// The way of a case on its diagram: where it has been, where it is, what is late. Read only.
//
// config: { xmlUrl, states: {element id: 'done' | 'active' | 'late' | 'todo'}, badges: {element id: {text, tone}},
//           spans: {element id: how long it took}, calls: {element id: url},
//           trail: [{name, url}, …] from the whole diagram down to this one }
// A url answers such a config as JSON (shown in place) or a page (opened).
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import './styles/viewer.css';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

const FONT = '"Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif';
const PAINT = {
  done: ['#e7f4ec', '#2c8a52'],
  active: ['#e3effa', '#17609e'],
  late: ['#fcebea', '#b8232c'],
  todo: ['#ffffff', '#9aa7b6'],
};
const NAMES = { done: '已完成', active: '办理中', late: '已超时', todo: '未开始' };
const FRAME = '#d3dbe4';
const PAD = 24;
const READABLE = 0.8; // below this scale 14 px text cannot be read

class Flow {
  constructor(root) {
    this.root = root;
    this.wait = root.querySelector('[data-wait]');
    this.path = root.parentElement.querySelector('[data-path]');
    this.viewer = new NavigatedViewer({
      container: root.querySelector('.zj-canvas'),
      zoomScroll: { enabled: false }, // the page scrolls over the diagram
      bpmnRenderer: { defaultFillColor: '#fff', defaultStrokeColor: '#9aa7b6', defaultLabelColor: '#1b2733' },
      textRenderer: { defaultStyle: { fontFamily: FONT, fontSize: '14px' }, externalStyle: { fontSize: '13px' } },
    });
    this.canvas = this.viewer.get('canvas');
    this.registry = this.viewer.get('elementRegistry');
    this.rail = document.createElement('div');
    this.rail.className = 'zj-rail';
    this.rail.setAttribute('aria-hidden', 'true');
    root.append(this.rail);
    this.viewer.on('canvas.viewbox.changed', () => this.placeRail());
    this.viewer.on('element.click', ({ element }) => this.open(element.id));
    for (const [name, act] of Object.entries({
      in: () => this.viewer.get('zoomScroll').stepZoom(1),
      out: () => this.viewer.get('zoomScroll').stepZoom(-1),
      fit: () => this.fit(),
      active: () => this.focus(),
    })) {
      root.querySelector(`[data-zoom="${name}"]`)?.addEventListener('click', act);
    }
    new ResizeObserver(() => this.canvas.resized()).observe(root);
  }

  async show(config) {
    this.say('正在载入流程图…');
    try {
      const answer = await fetch(config.xmlUrl, { headers: { Accept: 'application/xml' } });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      await this.viewer.importXML(await answer.text());
    } catch (error) {
      this.say('流程图没有载入成功，请刷新页面重试。');
      console.error(error);
      return;
    }
    this.config = { states: {}, badges: {}, spans: {}, calls: {}, trail: [], ...config };
    this.say('');
    this.paint();
    this.label();
    this.buildRail();
    this.drawPath();
    this.focus();
    this.root.dataset.ready = '1';
  }

  say(words) {
    if (!this.wait) return;
    this.wait.textContent = words;
    this.wait.hidden = !words;
  }

  colour(element, background, line) {
    element.di.set('background-color', background);
    element.di.set('border-color', line);
    const kind = element.waypoints ? 'connection' : 'shape';
    this.viewer.get('graphicsFactory').update(kind, element, this.registry.getGraphics(element));
  }

  paint() {
    const { states } = this.config;
    const reached = (element) => ['done', 'active', 'late'].includes(states[element.id]);
    const crossed = this.crossed(reached);
    const left = (element) => states[element.id] === 'done' || crossed.has(element);
    for (const element of this.registry.getAll()) {
      const state = states[element.id];
      if (element.type === 'bpmn:Lane' || element.type === 'bpmn:Participant') this.colour(element, '#fff', FRAME);
      else if (element.type === 'bpmn:SequenceFlow') {
        if (left(element.source) && (reached(element.target) || crossed.has(element.target))) {
          this.colour(element, '#fff', PAINT.done[1]);
        }
      } else if (PAINT[state] && !element.labelTarget) {
        this.colour(element, ...PAINT[state]);
        this.canvas.addMarker(element, `zj-is-${state}`);
      }
    }
  }

  // gateways and start events carry no state of their own: crossed when they lie between steps that were reached
  crossed(reached) {
    const silent = this.registry.filter(
      (element) => /Gateway|StartEvent|Intermediate/.test(element.type) && !element.labelTarget && !reached(element),
    );
    const entered = new Set();
    const leads = new Set();
    for (let size = -1; size !== entered.size + leads.size; ) {
      size = entered.size + leads.size;
      for (const element of silent) {
        const before = element.incoming.map((flow) => flow.source);
        const after = element.outgoing.map((flow) => flow.target);
        const started = element.type === 'bpmn:StartEvent';
        if (started || before.some((one) => this.config.states[one.id] === 'done' || entered.has(one))) entered.add(element);
        if (after.some((one) => reached(one) || leads.has(one))) leads.add(element);
      }
    }
    return new Set(silent.filter((element) => entered.has(element) && leads.has(element)));
  }

  // badges and the time spent above a step, and a button on each stage that opens its own diagram
  label() {
    const overlays = this.viewer.get('overlays');
    for (const [id, badge] of Object.entries(this.config.badges)) {
      const shape = this.registry.get(id);
      if (!shape) continue;
      const note = document.createElement('span');
      note.className = `zj-flow-badge zj-t-${{ late: 'bad', soon: 'warn' }[badge.tone] ?? badge.tone ?? 'brand'}`;
      note.textContent = badge.text;
      overlays.add(id, { position: { top: -12, left: shape.width / 2 }, html: note, scale: { min: 0.85, max: 1.2 } });
    }
    for (const [id, words] of Object.entries(this.config.spans)) {
      const shape = this.registry.get(id);
      if (!shape || shape.waypoints || this.config.badges[id]) continue;
      const note = document.createElement('span');
      note.className = 'zj-flow-span';
      note.textContent = words;
      note.title = `用时 ${words}`;
      overlays.add(id, { position: { top: -23, left: shape.width / 2 }, html: note, scale: { min: 0.85, max: 1.2 } });
    }
    for (const id of Object.keys(this.config.calls)) {
      const shape = this.registry.get(id);
      if (!shape) continue;
      const name = shape.businessObject.name ?? '';
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'zj-flow-open';
      button.textContent = '展开';
      button.setAttribute('aria-label', `展开“${name}”的流程图（${NAMES[this.config.states[id]] ?? NAMES.todo}）`);
      button.addEventListener('click', (event) => {
        event.stopPropagation();
        this.open(id);
      });
      this.canvas.addMarker(id, 'zj-can-open');
      overlays.add(id, {
        position: { bottom: 13, left: shape.width / 2 },
        html: button,
        scale: { min: 0.85, max: 1.2 },
      });
    }
  }

  open(id) {
    const url = this.config?.calls[id];
    if (url) this.go(url);
  }

  async go(url) {
    const answer = await fetch(url, { headers: { Accept: 'application/json' } }).catch(() => null);
    if (!answer?.ok || !answer.headers.get('Content-Type')?.includes('json')) {
      window.location.assign(url);
      return;
    }
    await this.show(await answer.json());
    this.path?.querySelector('button')?.focus();
  }

  drawPath() {
    const steps = this.config.trail.slice(0, -1).map(({ name, url }) => {
      const back = document.createElement('button');
      back.type = 'button';
      back.textContent = name;
      back.addEventListener('click', () => this.go(url));
      return back;
    });
    if (!this.path) return;
    this.path.hidden = !steps.length;
    const here = document.createElement('span');
    here.textContent = this.config.trail.at(-1)?.name ?? '';
    here.setAttribute('aria-current', 'true');
    this.path.replaceChildren(...steps, here);
  }

  // lane names stay at the left edge while the reader moves along the way
  buildRail() {
    this.lanes = this.registry.filter((element) => element.type === 'bpmn:Lane' && !element.labelTarget);
    this.rail.replaceChildren(
      ...this.lanes.map((lane) => {
        const name = document.createElement('span');
        name.textContent = lane.businessObject.name ?? '';
        return name;
      }),
    );
  }

  placeRail() {
    if (!this.lanes) return;
    const view = this.canvas.viewbox();
    this.rail.hidden = !this.lanes.length || view.x < this.lanes[0].x - 10;
    this.lanes.forEach((lane, number) => {
      const chip = this.rail.children[number];
      chip.style.top = `${(lane.y - view.y) * view.scale}px`;
      chip.style.height = `${lane.height * view.scale}px`;
    });
  }

  fit() {
    this.canvas.zoom('fit-viewport', 'auto');
    const { inner, outer, scale } = this.canvas.viewbox();
    const size = Math.min(scale, (outer.width - 2 * PAD) / inner.width, (outer.height - 2 * PAD) / inner.height, 1.1);
    this.look(size, inner.x + inner.width / 2, inner.y + inner.height / 2);
  }

  // the whole diagram when it can be read, else the present step at a readable size
  focus() {
    this.fit();
    const { inner, outer, scale } = this.canvas.viewbox();
    if (scale >= READABLE) return;
    const here = Object.entries(this.config.states).find(([, state]) => state === 'active' || state === 'late');
    const shape = here && this.registry.get(here[0]);
    const size = Math.min(1, Math.max(READABLE, (outer.height - 2 * PAD) / inner.height));
    const [width, height] = [outer.width / size, outer.height / size];
    const keep = (middle, half, start, length) =>
      length + 2 * PAD <= 2 * half
        ? start + length / 2
        : Math.max(start - PAD + half, Math.min(middle, start + length + PAD - half));
    const x = shape ? shape.x + shape.width / 2 : inner.x;
    const y = shape ? shape.y + shape.height / 2 : inner.y;
    this.look(size, keep(x, width / 2, inner.x, inner.width), keep(y, height / 2, inner.y, inner.height));
  }

  look(scale, x, y) {
    const { outer } = this.canvas.viewbox();
    const [width, height] = [outer.width / scale, outer.height / scale];
    this.canvas.viewbox({ x: x - width / 2, y: y - height / 2, width, height });
    this.placeRail();
  }
}

for (const root of document.querySelectorAll('[data-island="viewer"]')) {
  const config = JSON.parse(document.getElementById(root.dataset.config).textContent);
  new Flow(root).show(config);
}
