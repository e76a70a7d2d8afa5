// Steps the system takes by itself: operators, decision tables, called diagrams, computations.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { h } from '../dom.js';
import { extension } from '../extensions.js';
import { acts, button, fact, group, link, more, note, select, text } from './fields.js';
import { expression } from './complete.js';

const OPERATOR = 'spiffworkflow:ServiceTaskOperator';
const DECISION = 'spiffworkflow:CalledDecisionId';

const names = (list) => list.map((one) => one.name).join('、');

export function serviceGroups(panel, element) {
  if (!is(element, 'bpmn:ServiceTask')) return [];
  const { operators } = panel.data;
  const holder = extension(element, OPERATOR);
  const chosen = operators.find((one) => one.name === holder?.id);
  const given = Object.fromEntries((holder?.parameterList?.parameters ?? []).map((one) => [one.id, one.value]));
  const write = (name, values, again) => panel.apply((changes) => {
    if (!name) return changes.extension(element, OPERATOR, null);
    const parameters = Object.entries(values).filter(([, value]) => value !== '').map(([id, value]) => changes.make('spiffworkflow:Parameter', { id, type: 'any', value }));
    const list = changes.make('spiffworkflow:Parameters', { parameters });
    for (const one of parameters) one.$parent = list;
    const made = changes.make(OPERATOR, { id: name, parameterList: list, ...(holder?.resultVariable ? { resultVariable: holder.resultVariable } : {}) });
    list.$parent = made;
    changes.extension(element, OPERATOR, made);
  }, again);
  const choose = (name) => write(name, name === holder?.id ? given : {}, true);
  const put = (key) => (value) => write(holder.id, { ...given, [key]: value });
  return [
    group(
      '自动步骤',
      select('系统做什么', holder?.id ?? '', operators.map((one) => [one.name, `${one.title}（${one.name}）`]), choose),
      chosen?.help && note(chosen.help),
      chosen?.parameters.map((one) => parameter(panel, one, given[one.name] ?? '', put(one.name))),
      chosen?.outputs.length ? fact('做完给出', chosen.outputs.join('、')) : null,
    ),
  ];
}

/** A parameter by its kind: a choice, a number, or an expression over the process's variables. */
function parameter(panel, one, value, put) {
  const plain = /^'([^']*)'$/.exec(value)?.[1];
  if (one.kind === 'choice' && (value === '' || plain !== undefined)) return select(one.title, plain ?? '', one.choices, (chosen) => put(chosen && `'${chosen}'`), { help: one.help });
  if (one.kind === 'step' && (value === '' || plain !== undefined)) {
    const steps = panel.modeler.get('elementRegistry').filter((each) => is(each, 'bpmn:UserTask') && each.type !== 'label');
    return select(one.title, plain ?? '', steps.map((each) => [each.id, getBusinessObject(each).get('name') || each.id]), (id) => put(id && `'${id}'`), { help: one.help });
  }
  if (one.kind === 'number' && /^\d*$/.test(value)) return text(one.title, value, put, { type: 'number', min: 0, help: one.help });
  if (one.kind === 'text' && (value === '' || plain !== undefined)) return text(one.title, plain ?? '', (words) => put(words && `'${words.replaceAll("'", '’')}'`), { help: one.help });
  return expression(one.title, value, put, { know: panel.data, url: panel.data.urls.expression, help: one.help, lines: 1 });
}

export function decisionGroups(panel, element) {
  if (!is(element, 'bpmn:BusinessRuleTask')) return [];
  const { decisions, urls } = panel.data;
  const key = extension(element, DECISION)?.value?.trim() ?? '';
  const table = decisions.find((one) => one.id === key);
  const bind = (id) => panel.apply((changes) => {
    changes.body(element, DECISION, id);
    panel.learn(decisions.find((one) => one.id === id)?.outputs ?? []);
  }, true);
  return [
    group(
      '决策表',
      select('按哪张表判断', key, decisions.map((one) => [one.id, `${one.name}（${one.id}）`]), bind),
      acts(table?.file && urls.decision && link('打开决策表', urls.decision + table.file), panel.data.mayDesign && button('新建决策表…', () => panel.newDecision(element, bind), 'new-decision')),
      table && fact('要用到', names(table.inputs) || '（无）'),
      table && fact('判断后给出', names(table.outputs)),
    ),
  ];
}

export function callGroups(panel, element) {
  if (!is(element, 'bpmn:CallActivity')) return [];
  const { processes, urls, file } = panel.data;
  const key = getBusinessObject(element).get('calledElement') ?? '';
  const called = processes.find((one) => one.id === key);
  const choices = processes.filter((one) => one.file !== file).map((one) => [one.id, `${one.name}（${one.id}）`]);
  const bind = (id) => panel.apply((changes) => changes.set(element, { calledElement: id || undefined }), true);
  return [
    group('转到的流程图', select('哪一张', key, choices, bind, { help: '那张图走完以后，回到这里继续。' }), acts(called && link('打开这张图', urls.diagram + called.stem), panel.data.mayDesign && button('新建流程图…', () => panel.newProcess(element, bind), 'new-process'))),
  ];
}

export function scriptGroups(panel, element) {
  const know = { know: panel.data, url: panel.data.urls.expression, mode: 'exec', lines: 4 };
  const groups = [];
  if (is(element, 'bpmn:ScriptTask')) {
    const node = getBusinessObject(element);
    groups.push(
      group('计算', expression('写什么', node.get('script') ?? '', (script) => panel.apply((changes) => changes.set(element, { script: script || undefined, scriptFormat: 'python' })), { ...know, help: '每行一个“名称 = 算式”，例如 total = price * 2。只能用内置函数。' }), h('p', { class: 'zj-p-help' }, '金额以“分”为单位的整数计算。')),
    );
  }
  if (!is(element, 'bpmn:Task')) return groups;
  const pre = extension(element, 'spiffworkflow:PreScript')?.value ?? '';
  const post = extension(element, 'spiffworkflow:PostScript')?.value ?? '';
  const put = (type) => (source) => panel.apply((changes) => changes.body(element, type, source));
  groups.push(
    more('前后计算', Boolean(pre || post), expression('开始之前', pre, put('spiffworkflow:PreScript'), { ...know, lines: 2 }), expression('完成之后', post, put('spiffworkflow:PostScript'), { ...know, lines: 2 })),
  );
  return groups;
}
