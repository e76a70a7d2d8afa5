// Diagrams beside each other with painted elements: two versions compared, or where cases spend their time.
//
// config: { sides: [{ xmlUrl, marks: {element id: 'added' | 'removed' | 'changed' | 'heat1' … 'heat5'}, badges: {element id: text},
//   loops: [{ from, to, text, words }] }] }; loops are ways back, drawn as dashed arrows.
// Sides that show the same drawing move together.
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import './styles/viewer.css';
import './styles/sides.css';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

const FONT = '"Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif';
const PAINT = {
  added: ['#e5f4eb', '#1c7a45'],
  removed: ['#fcebea', '#b8232c'],
  changed: ['#fff3dc', '#8f5300'],
  heat1: ['#fff8ec', '#d9b98a'],
  heat2: ['#ffe8c4', '#cf9440'],
  heat3: ['#ffd08f', '#c07a12'],
  heat4: ['#ffaf7a', '#b85316'],
  heat5: ['#f98a78', '#a32318'],
};
const FRAME = '#d3dbe4';
const MARGIN = 26;
const DEEP = 60;

class Side {
  constructor(root, config) {
    this.root = root;
    this.config = { marks: {}, badges: {}, loops: [], ...config };
    this.viewer = new NavigatedViewer({
      container: root.querySelector('.zj-canvas'),
      zoomScroll: { enabled: false },
      bpmnRenderer: { defaultFillColor: '#fff', defaultStrokeColor: '#9aa7b6', defaultLabelColor: '#1b2733' },
      textRenderer: { defaultStyle: { fontFamily: FONT, fontSize: '14px' }, externalStyle: { fontSize: '13px' } },
    });
    this.canvas = this.viewer.get('canvas');
    this.above = Object.keys(this.config.badges).length ? 2 * MARGIN : MARGIN;
    this.below = 2 * MARGIN + (this.config.loops.length ? DEEP : 0);
  }

  async load() {
    const wait = this.root.querySelector('[data-wait]');
    if (!this.config.xmlUrl) {
      wait.textContent = '这一版没有这张图。';
      return;
    }
    try {
      const answer = await fetch(this.config.xmlUrl, { headers: { Accept: 'application/xml' } });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      await this.viewer.importXML(await answer.text());
    } catch (error) {
      wait.textContent = '流程图没有载入成功，请刷新页面重试。';
      console.error(error);
      return;
    }
    wait.hidden = true;
    this.room();
    this.paint();
    this.fit();
    this.loaded = true;
    this.root.dataset.ready = '1';
  }

  /** As high as the drawing is wide enough for. */
  room() {
    const { inner, outer } = this.canvas.viewbox();
    const high = (outer.width / (inner.width + 2 * MARGIN)) * (inner.height + this.above + this.below);
    this.root.querySelector('.zj-canvas').style.height = `${Math.round(Math.min(Math.max(high, 200), 620))}px`;
    this.canvas.resized();
  }

  /** The whole drawing, clear of the edges. */
  fit() {
    const { inner, outer } = this.canvas.viewbox();
    const [wide, high] = [inner.width + 2 * MARGIN, inner.height + this.above + this.below];
    const scale = Math.min(1.2, outer.width / wide, outer.height / high);
    const [width, height] = [outer.width / scale, outer.height / scale];
    this.canvas.viewbox({ x: inner.x + inner.width / 2 - width / 2, y: inner.y - this.above, width, height });
  }

  paint() {
    const registry = this.viewer.get('elementRegistry');
    const overlays = this.viewer.get('overlays');
    for (const element of registry.getAll()) {
      if (element.labelTarget || !element.di) continue;
      const frame = element.type === 'bpmn:Lane' || element.type === 'bpmn:Participant';
      const [fill, line] = PAINT[this.config.marks[element.id]] ?? (frame ? ['#fff', FRAME] : []);
      if (!fill) continue;
      element.di.set('background-color', fill);
      element.di.set('border-color', line);
      const kind = element.waypoints ? 'connection' : 'shape';
      this.viewer.get('graphicsFactory').update(kind, element, registry.getGraphics(element));
      if (!frame) this.canvas.addMarker(element, 'zj-marked');
    }
    for (const [id, text] of Object.entries(this.config.badges)) {
      const shape = registry.get(id);
      if (!shape) continue;
      const note = document.createElement('span');
      note.className = 'zj-side-badge';
      note.append(...text.split('\n').map((line) => Object.assign(document.createElement('span'), { textContent: line })));
      overlays.add(id, { position: { top: -3, left: (shape.width ?? 0) / 2 }, html: note, scale: { min: 0.72, max: 1.2 } });
    }
    const layer = this.config.loops.length ? this.canvas.getLayer('zj-loops', 2) : null;
    this.config.loops.forEach((one, number) => {
      const [from, to] = [registry.get(one.from), registry.get(one.to)];
      if (!from || !to) return;
      const { arrow, low } = loop(from, to, one, number);
      layer.append(arrow);
      const note = Object.assign(document.createElement('span'), { className: 'zj-loop-badge', textContent: one.text, title: one.words });
      overlays.add(one.from, { position: { left: low.x - from.x, top: low.y - from.y }, html: note, scale: { min: 0.72, max: 1.2 } });
    });
  }
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A way back: an arc below both ends, an arrow where it comes back to; and its lowest point. */
function loop(from, to, { words }, number) {
  const foot = (shape, part) => [shape.x + shape.width * part, shape.y + shape.height];
  const [ax, ay] = foot(from, 0.35);
  const [bx, by] = foot(to, 0.65);
  const low = Math.max(ay, by) + 44 + Math.min(60, Math.abs(ax - bx) / 14) + (number % 3) * 16;
  const arrow = svg(
    'g',
    { class: 'zj-loop', 'data-from': from.id, 'data-to': to.id },
    svg('title', {}, words),
    svg('path', { d: `M${ax},${ay} C${ax},${low} ${bx},${low} ${bx},${by + 12}` }),
    svg('polygon', { points: `${bx},${by} ${bx - 9},${by + 16} ${bx + 9},${by + 16}` }),
  );
  return { arrow, low: { x: (ax + bx) / 2, y: (ay + by + 6 * low) / 8 } };
}

function together(sides) {
  let moving = false;
  for (const one of sides) {
    one.viewer.on('canvas.viewbox.changed', ({ viewbox }) => {
      if (moving || !one.loaded) return;
      moving = true;
      for (const other of sides) {
        if (other === one || !other.loaded) continue;
        const { x, y, width, height } = viewbox;
        other.canvas.viewbox({ x, y, width, height });
      }
      moving = false;
    });
  }
}

async function show(root) {
  const config = JSON.parse(document.getElementById(root.dataset.config).textContent);
  const places = [...root.querySelectorAll('[data-side]')];
  const sides = places.map((place, number) => new Side(place, config.sides[number]));
  await Promise.all(sides.map((side) => side.load()));
  together(sides);
  const zoom = (act) => sides.filter((side) => side.loaded).slice(0, 1).forEach(act);
  for (const [name, act] of Object.entries({
    in: (side) => side.viewer.get('zoomScroll').stepZoom(1),
    out: (side) => side.viewer.get('zoomScroll').stepZoom(-1),
    fit: (side) => side.fit(),
  })) {
    root.querySelector(`[data-zoom="${name}"]`)?.addEventListener('click', () => zoom(act));
  }
}

for (const root of document.querySelectorAll('[data-island="sides"]')) show(root);
