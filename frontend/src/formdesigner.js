// The editor of a form: questions dragged into sections, previewed by the server at two widths, rules in words.
import './styles/editors.css';
import { h, pageData, pausing, reason, send } from './studio/dom.js';
import { Board } from './studio/form/board.js';
import { Model } from './studio/form/model.js';
import { Props } from './studio/form/props.js';
import { savingState, tabs } from './studio/shell.js';
import { Draft } from './studio/store.js';

const KEPT = 200;

const root = document.querySelector('[data-island="formdesigner"]');
if (root) start();

async function start() {
  const data = pageData();
  const find = (name) => root.querySelector(`[data-${name}]`);
  const files = { schema: data.file, ui: data.file.replace(/\.json$/, '.ui.json') };
  const draft = new Draft(data.urls, savingState(find('state'), { reload: () => location.reload() }));
  const frame = find('frame');
  let view = 'design';

  let model;
  try {
    model = new Model(await draft.open(files.schema), await draft.open(files.ui));
  } catch (error) {
    find('state').textContent = `打不开：${error.message}`;
    return;
  }
  const past = [];
  const future = [];
  let now = JSON.stringify(model.build());

  const board = new Board({ palette: find('palette'), sections: find('sections'), error: find('error') }, model, { handled: data.forms.some((one) => one.key === data.stem && one.handled), onChange: () => changed() });
  board.props = new Props(find('props'), board);

  function changed() {
    const next = JSON.stringify(model.build());
    if (next === now) return;
    past.push(now);
    if (past.length > KEPT) past.shift();
    future.length = 0;
    now = next;
    saved();
  }

  function saved() {
    const texts = model.texts();
    draft.edit(files.schema, () => texts.schema);
    draft.edit(files.ui, () => texts.ui);
    steps();
    preview();
  }

  function steps() {
    find('act="undo"').disabled = !past.length;
    find('act="redo"').disabled = !future.length;
  }

  function travel(from, to) {
    if (!from.length) return;
    to.push(now);
    now = from.pop();
    restore(JSON.parse(now));
  }

  function restore({ schema, ui }) {
    const key = board.chosen && !('fields' in board.chosen) ? board.chosen.key : null;
    model.load(schema, ui);
    board.choose(key ? (model.find(key) ?? null) : null);
    saved();
  }

  /** The server draws the form; `answers` are tried as if they had been sent. */
  const preview = pausing(async (answers) => {
    const given = Array.isArray(answers) ? answers : undefined;
    const answer = await send(data.urls.preview, { body: { ...model.build(), key: data.stem, ...(given ? { answers: given } : {}) } });
    const found = answer.ok ? await answer.json() : { error: await reason(answer) };
    board.wrong(found.error);
    if (!found.error) board.say(found.rules);
    find('tried').textContent = found.error || (given ? (found.faults ? `会被退回：${found.faults} 处不符合规则` : '符合全部规则') : '');
    if (found.error || (view === 'design' && !given)) return;
    frame.srcdoc = found.page;
    rules(found);
  }, 350);

  function rules(found) {
    find('rules').replaceChildren(
      h('p', { class: 'zj-p-note' }, found.handling),
      h('table', { class: 'zj-table' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, '字段'), h('th', { scope: 'col' }, '服务器核对什么'))), h('tbody', {}, found.rules.map((one) => h('tr', {}, h('th', { scope: 'row' }, one.title), h('td', {}, one.rules.join('；') || '不核对'))))),
    );
  }

  function source() {
    const texts = model.texts();
    for (const area of root.querySelectorAll('[data-source]')) {
      area.value = texts[area.dataset.source];
      area.readOnly = !draft.writable;
    }
  }

  async function apply() {
    const error = find('source-error');
    const text = (name) => root.querySelector(`[data-source="${name}"]`).value;
    try {
      const next = { schema: JSON.parse(text('schema')), ui: JSON.parse(text('ui')) };
      const answer = await send(data.urls.preview, { body: { ...next, key: data.stem } });
      const found = answer.ok ? await answer.json() : { error: await reason(answer) };
      if (found.error) throw new Error(found.error);
      error.textContent = '';
      past.push(now);
      future.length = 0;
      restore(next);
      now = JSON.stringify(model.build());
      open('design');
    } catch (problem) {
      error.textContent = problem instanceof SyntaxError ? `不是完整的 JSON：${problem.message}` : problem.message;
    }
  }

  const open = tabs(find('views'), (name) => {
    view = name;
    if (name === 'source') source();
    else if (name !== 'design') {
      preview();
      preview.now();
    }
  });
  const acts = {
    undo: () => travel(past, future),
    redo: () => travel(future, past),
    apply,
    try: () => {
      const form = frame.contentDocument?.querySelector('form');
      if (!form) return;
      preview([...new FormData(form)].filter(([name]) => name !== 'csrf_token'));
      preview.now();
    },
  };
  root.addEventListener('click', (event) => {
    const width = event.target.closest('button[data-width]');
    if (width) {
      root.querySelector('.zj-d-frame').dataset.width = width.dataset.width;
      for (const one of root.querySelectorAll('button[data-width]')) one.setAttribute('aria-pressed', String(one === width));
    }
    acts[event.target.closest('[data-act]')?.dataset.act]?.();
  });
  root.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.target.matches('input, textarea')) return;
    const act = { z: event.shiftKey ? 'redo' : 'undo', y: 'redo' }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    acts[act]();
  });
  frame.addEventListener('load', () => {
    for (const form of frame.contentDocument.querySelectorAll('form')) form.addEventListener('submit', (event) => (event.preventDefault(), acts.try()), true);
  });

  await draft.lock((lock) => board.allow(lock.mine));
  if (draft.writable) draft.show('saved', '已载入');
  steps();
  preview();
  preview.now();
  root.dataset.ready = '1';
}
