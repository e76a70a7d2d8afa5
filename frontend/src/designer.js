// The drawing board of a process: bpmn-js in Chinese with our panel, saved by itself, checked at every pause.
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import 'diagram-js-minimap/assets/diagram-js-minimap.css';
import 'bpmn-js-token-simulation/assets/css/bpmn-js-token-simulation.css';
import './styles/editors.css';
import Modeler from 'bpmn-js/lib/Modeler';
import minimap from 'diagram-js-minimap';
import simulation from 'bpmn-js-token-simulation';
import { toast } from './lib/toast.js';
import { pageData, pausing, reason, send } from './studio/dom.js';
import { Findings } from './studio/findings.js';
import { laneOf } from './studio/extensions.js';
import { freshDecision, freshForm, freshProcess } from './studio/fresh.js';
import { Marks } from './studio/marks.js';
import menus from './studio/menus.js';
import moddle from './studio/moddle.json';
import { Panel } from './studio/panel/index.js';
import readOnly from './studio/readonly.js';
import { question, savingState, tabs } from './studio/shell.js';
import { Draft } from './studio/store.js';
import translation from './studio/translate.js';

const FONT = '"Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif';
const ROOM = { left: 118, top: 28, right: 28, bottom: 64 };
const SMALLEST = 0.72;
const SLUG = '[a-z][a-z0-9_.\\-]{1,60}';

const root = document.querySelector('[data-island="designer"]');
if (root) start();

async function start() {
  const data = pageData();
  const find = (name) => root.querySelector(`[data-${name}]`);
  const modeler = new Modeler({
    container: find('canvas'),
    textRenderer: { defaultStyle: { fontFamily: FONT, fontSize: '13px' }, externalStyle: { fontSize: '12px' } },
    moddleExtensions: { spiffworkflow: moddle },
    additionalModules: [minimap, simulation, translation, menus, readOnly],
  });
  const draft = new Draft(data.urls, savingState(find('state'), { reload: () => load() }));
  const panel = new Panel(modeler, find('panel'), data);
  const open = tabs(find('tabs'));
  const drawn = (id) => modeler.get('elementRegistry').get(id)?.businessObject;
  const where = (step) => locate(data, step, drawn);
  const marks = new Marks(modeler, (id) => {
    open('check');
    find('findings').querySelector(`[data-element="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'nearest' });
  }, where);
  const goTo = (id) => {
    if (!marks.goTo(id)) return;
    modeler.get('selection').select(modeler.get('elementRegistry').get(id));
  };
  const findings = new Findings(find('findings'), {
    file: data.file,
    names: data.names,
    goTo,
    openFile: (file, element) => location.assign(fileUrl(data, file, element)),
    canMend: () => draft.writable,
    mend: (one) => mend(one),
    mark: (list) => marks.show(list),
    walk: (path, at) => marks.walk(path, at),
    where,
  });

  async function load() {
    const box = root.dataset.ready && modeler.get('canvas').viewbox();
    draft.rev = undefined;
    draft.waiting.clear();
    const xml = await draft.open(data.file);
    await modeler.importXML(xml);
    if (box) modeler.get('canvas').viewbox(box);
    else fit(modeler);
    draft.show(draft.writable ? 'saved' : 'readonly', draft.writable ? '已载入' : find('state').textContent);
  }

  async function check() {
    findings.wait();
    try {
      const report = await draft.check((said) => findings.progress(said));
      if (!report) return; // a newer check will tell
      findings.show(report);
    } catch (error) {
      findings.fail(error.message);
    }
    const count = findings.errors;
    const badge = find('count');
    badge.textContent = count ? String(count) : '';
    badge.hidden = !count;
    root.dataset.checked = String(Number(root.dataset.checked ?? 0) + 1);
  }

  async function mend(one) {
    await draft.save();
    const answer = await send(data.urls.mend, { body: { file: one.file, keys: [one.fix] } });
    if (!answer.ok) return toast(await reason(answer), 'bad');
    const { notes } = await answer.json();
    toast(notes.length ? notes.map((note) => note.message).join('；') : '没有需要改的地方', 'good');
    await load();
    await check();
  }

  function allow(writable) {
    panel.readOnly = !writable;
    modeler.get('studioReadOnly').set(!writable);
    root.classList.toggle('zj-s-readonly', !writable);
    panel.render();
  }

  panel.newForm = async (_element, bind) => {
    const given = await question('新建表单', [{ name: 'title', label: '表单名称' }, { name: 'key', label: '编号', pattern: SLUG, help: '用英文小写字母、数字、点，例如 review.cosign。' }], '新建');
    if (given && (await make(`form/${given.key}.json`, freshForm(given.title), { [`form/${given.key}.ui.json`]: '{}\n' }))) {
      data.forms.push({ key: given.key, title: given.title, handled: false, outputs: [] });
      bind(given.key);
    }
  };
  panel.newDecision = async (_element, bind) => {
    const given = await question('新建决策表', [{ name: 'name', label: '决策表名称' }, { name: 'id', label: '编号', pattern: '[a-z][a-z0-9_]{1,60}', help: '用英文小写字母、数字、下划线，例如 joint_review。' }], '新建');
    if (given && (await make(`decision/${given.id}.dmn`, freshDecision(given.id, given.name)))) {
      data.decisions.push({ id: given.id, name: given.name, file: given.id, inputs: [], outputs: [{ name: 'result' }] });
      bind(given.id);
    }
  };

  panel.newProcess = async (element, bind) => {
    const given = await question('新建流程图', [{ name: 'name', label: '流程名称' }, { name: 'id', label: '编号', pattern: '[a-z][a-z0-9_]{1,60}', help: '用英文小写字母、数字、下划线，例如 cosign。' }], '新建');
    if (given && (await make(`process/${given.id}.bpmn`, freshProcess(given.id, given.name, laneOf(element)?.name ?? data.lanes[0]?.name ?? '')))) {
      data.processes.push({ id: given.id, name: given.name, file: `process/${given.id}.bpmn`, stem: given.id });
      bind(given.id);
    }
  };

  async function make(name, text, more = {}) {
    if (await draft.open(name)) {
      toast('这个编号已经有了，请换一个。', 'bad');
      return false;
    }
    for (const [file, body] of Object.entries({ [name]: text, ...more })) draft.edit(file, () => body);
    toast('正在建立…');
    const made = await draft.save();
    if (made) toast('已经建立，可以使用了', 'good');
    return made;
  }

  const again = pausing(check, 200);
  draft.onSaved = again;
  modeler.on('commandStack.changed', () => {
    const stack = modeler.get('commandStack');
    find('act="undo"').disabled = !stack.canUndo();
    find('act="redo"').disabled = !stack.canRedo();
  });
  modeler.on('elements.changed', () => {
    if (modeler.get('commandStack').canUndo() || modeler.get('commandStack').canRedo()) draft.edit(data.file, async () => (await modeler.saveXML({ format: true })).xml);
  });
  const acts = {
    undo: () => modeler.get('commandStack').undo(),
    redo: () => modeler.get('commandStack').redo(),
    fit: () => fit(modeler),
    // later: the library closes the search at the very click that opened it
    find: () => setTimeout(() => modeler.get('searchPad').open()),
    keys: () => find('keys').showModal(),
    simulate: () => modeler.get('toggleMode').toggleMode(),
    check: async () => {
      open('check');
      await draft.save();
      await check();
    },
  };
  root.addEventListener('click', (event) => acts[event.target.closest('[data-act]')?.dataset.act]?.());
  modeler.get('eventBus').on('tokenSimulation.toggleMode', ({ active }) => {
    find('act="simulate"').setAttribute('aria-pressed', String(active));
    root.classList.toggle('zj-s-simulating', active);
    panel.readOnly = active || !draft.writable;
    panel.render();
  });

  await draft.lock((lock) => allow(lock.mine));
  await load();
  const wanted = new URLSearchParams(location.search).get('element');
  if (wanted) goTo(wanted);
  root.dataset.ready = '1';
  await check();
}

/** The whole drawing, but never smaller than can be read, and clear of the palette. */
function fit(modeler) {
  const canvas = modeler.get('canvas');
  const { inner, outer } = canvas.viewbox();
  const wide = outer.width - ROOM.left - ROOM.right;
  const high = outer.height - ROOM.top - ROOM.bottom;
  const scale = Math.max(SMALLEST, Math.min(1, wide / inner.width, high / inner.height));
  canvas.viewbox({ x: inner.x - ROOM.left / scale, y: inner.y - ROOM.top / scale, width: outer.width / scale, height: outer.height / scale });
}

/** Where a step of a path lies ("call/inner"): in words, in which process, and what stands for it on this drawing. */
function locate(data, step, drawn) {
  const own = new Set(data.processes.filter((one) => one.file === data.file).map((one) => one.id));
  const parts = step.split('/');
  let process = data.start;
  let here = null;
  const names = parts.map((id, index) => {
    const element = own.has(process) ? drawn(id) : null; // what is on the board now may have changed since the page was opened
    if (own.has(process)) here ??= id;
    const name = element?.name ?? data.labels[process]?.[id] ?? id;
    if (index < parts.length - 1) process = element?.calledElement ?? data.calls[process]?.[id] ?? process;
    return name;
  });
  const file = data.processes.find((one) => one.id === process);
  const url = file && file.file !== data.file ? `${data.urls.diagram}${file.stem}?element=${encodeURIComponent(parts.at(-1))}` : null;
  return { here, words: names.join(' → '), url, diagram: file?.name };
}

function fileUrl(data, file, element) {
  const [folder, name] = file.split('/');
  const page = { process: 'diagram', decision: 'decision', form: 'form' }[folder];
  const stem = name.replace(/(\.ui|\.tests)?\.(bpmn|dmn|json)$/, '');
  return `${data.urls[page]}${stem}${element ? `?element=${encodeURIComponent(element)}` : ''}`;
}
