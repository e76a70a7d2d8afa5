// The editor of a decision table: dmn-js in Chinese, tests beside it, gaps and overlaps told at every pause.
import './studio/nonce.js';
import 'dmn-js/dist/assets/diagram-js.css';
import 'dmn-js/dist/assets/dmn-js-shared.css';
import 'dmn-js/dist/assets/dmn-js-drd.css';
import 'dmn-js/dist/assets/dmn-js-decision-table.css';
import 'dmn-js/dist/assets/dmn-js-decision-table-controls.css';
import 'dmn-js/dist/assets/dmn-js-literal-expression.css';
import 'dmn-js/dist/assets/dmn-font/css/dmn.css';
import './styles/editors.css';
import Modeler from 'dmn-js/lib/Modeler';
import { HIT_POLICIES } from 'dmn-js-decision-table/lib/features/hit-policy/HitPolicies';
import { h, pageData, pausing, reason, send } from './studio/dom.js';
import { savingState, tabs } from './studio/shell.js';
import { Draft } from './studio/store.js';
import { Tests } from './studio/tests.js';
import translation from './studio/translate.js';

const RUN = ['UNIQUE', 'COLLECT'];
const TYPES = ['string', 'number', 'boolean', 'date'];

/** The library's cell helpers write FEEL, which the engine does not read: cells are typed. */
const plainCells = { __init__: ['studioPlainCells'], studioPlainCells: ['factory', plain] };
plain.$inject = ['simpleMode'];
function plain(simpleMode) {
  simpleMode.canSimpleEdit = () => false;
  return {};
}

const root = document.querySelector('[data-island="decision"]');
if (root) start();

async function start() {
  const data = pageData();
  const find = (name) => root.querySelector(`[data-${name}]`);
  const testsFile = data.file.replace(/\.dmn$/, '.tests.json');
  const words = { additionalModules: [translation] };
  const modeler = new Modeler({
    container: find('canvas'),
    common: { dataTypes: TYPES, expressionLanguages: { options: [{ value: 'zhenjie', label: '本系统写法' }], defaults: { editor: 'zhenjie' } } },
    drd: words,
    decisionTable: { additionalModules: [translation, plainCells] },
    literalExpression: words,
    boxedExpression: words,
  });
  const draft = new Draft(data.urls, savingState(find('state'), { reload: () => location.reload() }));
  const open = tabs(find('tabs'));
  const xml = async () => (await modeler.saveXML({ format: true })).xml;
  const tests = new Tests(find('tests'), () => {
    draft.edit(testsFile, () => tests.text());
    judge();
  });

  const judge = pausing(async () => {
    const answer = await send(data.urls.analyse, { body: { xml: await xml(), tests: tests.rows } });
    const found = answer.ok ? await answer.json() : { error: await reason(answer) };
    tests.show(found);
    coverage(found);
    badge('failed', found.error ? 0 : found.tests.filter((one) => !one.ok).length);
    badge('holes', found.error ? 1 : found.gaps.filter((one) => !one.open).length + found.overlaps.length);
    root.dataset.checked = String(Number(root.dataset.checked ?? 0) + 1);
  }, 500);

  function badge(name, count) {
    find(name).textContent = count || '';
    find(name).hidden = !count;
  }

  function coverage(found) {
    const place = find('cover');
    if (found.error) return place.replaceChildren(h('p', { class: 'zj-f-none zj-t-bad' }, found.error));
    const number = (id) => found.rules.indexOf(id) + 1;
    const said = (one) => one.words.map((text, index) => text && `${found.inputs[index].label}：${text}`).filter(Boolean).join('；') || '所有输入';
    const holes = found.gaps.filter((one) => !one.open);
    const others = found.gaps.filter((one) => one.open);
    const addRow = (one) => h('button', { type: 'button', class: 'btn btn-sm btn-primary', disabled: !draft.writable, onclick: () => addRule(one) }, '加一行规则');
    const toRow = (id) => h('button', { type: 'button', class: 'btn btn-sm', onclick: () => goTo(id) }, `看第 ${number(id)} 条`);
    const addTest = (one) => h('button', { type: 'button', class: 'btn btn-sm', disabled: !draft.writable, onclick: () => (tests.add(sample(found, one)), open('tests')) }, '加一条测试');
    const parts = [];
    if (!holes.length && !found.overlaps.length) parts.push(h('p', { class: 'zj-f-none zj-t-good' }, found.whole ? '所有输入都有规则，没有重叠' : '看过的部分没有漏洞和重叠'));
    if (holes.length) parts.push(h('h3', {}, '没有规则适用'), h('ul', { class: 'zj-f-list' }, holes.map((one) => h('li', { class: 'zj-f-item zj-t-bad', 'data-gap': '' }, h('p', {}, said(one)), h('p', { class: 'zj-f-acts' }, addRow(one), addTest(one))))));
    if (found.overlaps.length) parts.push(h('h3', {}, '几条规则同时适用'), h('ul', { class: 'zj-f-list' }, found.overlaps.map((one) => h('li', { class: 'zj-f-item zj-t-bad', 'data-overlap': '' }, h('p', {}, h('b', {}, `第 ${one.rules.map(number).join('、')} 条：`), said(one)), h('p', { class: 'zj-f-acts' }, one.rules.map(toRow))))));
    if (others.length) parts.push(h('h3', {}, '提醒'), h('p', { class: 'zj-p-note zj-t-warn' }, `表里没有列出的文字（${others.map(said).join('；')}）没有规则。如果真会出现，请加一行规则。`), h('p', { class: 'zj-f-acts' }, others.map((one) => addRow(one))));
    if (found.unread.length) parts.push(h('p', { class: 'zj-p-help' }, `这些列用到了别的变量，没有分析：${found.unread.join('、')}`));
    if (!found.whole) parts.push(h('p', { class: 'zj-p-help' }, '情况太多，只列出一部分。'));
    return place.replaceChildren(...parts);
  }

  /** Shows a rule: its row comes into view and is marked for a while. */
  function goTo(id) {
    const cells = find('canvas').querySelectorAll(`[data-row-id="${CSS.escape(id)}"]`);
    cells[0]?.scrollIntoView({ block: 'center' });
    for (const one of cells) {
      one.classList.add('zj-x-here');
      setTimeout(() => one.classList.remove('zj-x-here'), 2600);
    }
    return cells;
  }

  /** A new rule for inputs that none answers: what it gives is left to be filled in. */
  function addRule(gap) {
    const modeling = modeler.getActiveViewer().get('modeling');
    const row = modeling.addRow({ type: 'dmn:DecisionRule' });
    gap.cells.forEach((text, index) => text && modeling.editCell(row.cells[index].businessObject, text));
    requestAnimationFrame(() => goTo(row.id)[gap.cells.length]?.querySelector('[contenteditable]')?.focus());
  }

  async function load() {
    await modeler.importXML(await draft.open(data.file));
    tests.read(await draft.open(testsFile));
    const view = modeler.getViews().find((one) => one.type === 'decisionTable');
    if (!view) throw new Error('这个文件里没有决策表');
    const used = view.element.decisionLogic.hitPolicy ?? 'UNIQUE';
    const offered = HIT_POLICIES.filter(({ value }) => (RUN.includes(value.hitPolicy) && !value.aggregation) || value.hitPolicy === used);
    HIT_POLICIES.splice(0, HIT_POLICIES.length, ...offered);
    await modeler.open(view);
    const stack = modeler.getActiveViewer().get('commandStack');
    modeler.getActiveViewer().on('commandStack.changed', () => {
      find('act="undo"').disabled = !stack.canUndo();
      find('act="redo"').disabled = !stack.canRedo();
      draft.edit(data.file, xml);
      judge();
    });
  }

  const known = data.variables.filter((one) => /^[a-z_]\w*$/i.test(one.name));
  find('variables').replaceChildren(...known.flatMap((one) => [h('dt', {}, h('code', {}, one.name)), h('dd', {}, one.label, one.values.length ? `：${one.values.map(([value, words]) => `${JSON.stringify(value)} ${words}`).join('、')}` : '')]));
  find('known').hidden = !known.length;

  const acts = {
    undo: () => modeler.getActiveViewer().get('commandStack').undo(),
    redo: () => modeler.getActiveViewer().get('commandStack').redo(),
    check: async () => {
      await draft.save();
      judge();
      judge.now();
      open('cover');
    },
  };
  root.addEventListener('click', (event) => acts[event.target.closest('[data-act]')?.dataset.act]?.());
  root.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || !['z', 'y'].includes(event.key.toLowerCase()) || event.target.matches('input, textarea')) return;
    event.preventDefault();
    acts[event.key.toLowerCase() === 'y' || event.shiftKey ? 'redo' : 'undo']();
  });

  await draft.lock((lock) => {
    root.classList.toggle('zj-s-readonly', !lock.mine);
    find('canvas').inert = !lock.mine;
    tests.allow(lock.mine);
  });
  try {
    await load();
  } catch (error) {
    find('cover').replaceChildren(h('p', { class: 'zj-f-none zj-t-bad' }, `打不开：${error.message}`));
    open('cover');
    return;
  }
  if (draft.writable) draft.show('saved', '已载入');
  root.dataset.ready = '1';
  judge();
  judge.now();
}

/** A test for the inputs of a gap: the variables behind the columns, where a column is just a variable. */
function sample(found, place) {
  const inputs = Object.fromEntries(found.variables.map((name) => [name, '']));
  found.inputs.forEach((column, index) => {
    if (column.name in inputs && place.example[index] !== null) inputs[column.name] = place.example[index];
  });
  return { name: '', inputs, expected: Object.fromEntries(found.outputs.map((one) => [one.name, ''])) };
}
