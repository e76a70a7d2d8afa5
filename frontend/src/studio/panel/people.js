// Steps of people: form, due time, who signs, what else they may do; lanes: which role.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { extension, laneOf, property } from '../extensions.js';
import { acts, button, checks, fact, group, link, note, number, select, text } from './fields.js';
import { expression } from './complete.js';

const SIGNING = [['one', '一个人办理'], ['all', '会签：每个人都要同意'], ['ordered', '依次会签：按顺序一个接一个'], ['count', '至少几个人同意'], ['percent', '至少百分之几同意']];

export function userGroups(panel, element) {
  if (is(element, 'bpmn:ManualTask')) return [...shared(panel, element), peopleMany(panel, element)];
  if (!is(element, 'bpmn:UserTask')) return [];
  return [...shared(panel, element), signing(panel, element), peopleMany(panel, element)];
}

function shared(panel, element) {
  const { data } = panel;
  const lane = laneOf(element);
  const role = data.lanes.find((one) => one.name === lane?.name);
  const who = !lane ? fact('由谁办理', '没有放进泳道，到这里时没有人收到待办', 'bad') : fact('由谁办理', role ? (role.title === lane.name ? lane.name : `${lane.name}（${role.title}）`) : `泳道“${lane.name}”没有对应岗位`, role ? '' : 'bad');
  const form = property(element, 'formJsonSchemaFilename').replace(/\.json$/, '');
  const known = data.forms.find((one) => one.key === form);
  const bind = (key) => panel.apply((changes) => changes.properties(element, { formJsonSchemaFilename: key && `${key}.json`, formUiSchemaFilename: key && `${key}.ui.json` }), true);
  const due = (days) => panel.apply((changes) => changes.property(element, 'dueWorkingDays', days));
  return [
    group(
      '办理',
      who,
      select('填哪张表单', form, data.forms.map((one) => [one.key, `${one.title}（${one.key}）`]), bind, { empty: '不填表单，只写意见', help: known?.handled ? '这张表单由系统核对并登记到业务台账。' : form ? '这张表单没有业务处理程序，答案保存在项目记录里。' : null }),
      acts(form && data.urls.form && link('打开表单', data.urls.form + form), data.mayDesign && button('新建表单…', () => panel.newForm(element, bind), 'new-form')),
      number('办理时限', property(element, 'dueWorkingDays'), due, { unit: '个工作日', help: '从收到待办起算，节假日不计。空着表示不限时。', max: 250 }),
      select('属于哪个阶段', property(element, 'stage'), data.stages, (stage) => panel.apply((changes) => changes.property(element, 'stage', stage)), { empty: '不指定' }),
      instructions(panel, element),
    ),
  ];
}

function instructions(panel, element) {
  const type = 'spiffworkflow:InstructionsForEndUser';
  return text('办理提示', extension(element, type)?.value ?? '', (words) => panel.apply((changes) => changes.body(element, type, words)), { lines: 2, help: '显示在办理页面上方。' });
}

function signing(panel, element) {
  const { data } = panel;
  const written = property(element, 'signing');
  const [kind, count] = written.split(':');
  const put = (value, again) => panel.apply((changes) => changes.property(element, 'signing', value), again);
  const choose = (chosen) => put(chosen === 'count' ? 'count:2' : chosen === 'percent' ? 'percent:60' : chosen, true);
  const allowed = property(element, 'acts');
  const usual = new Set(data.usual);
  const now = allowed ? new Set(allowed.split(',').map((one) => one.trim())) : usual;
  const allow = (wanted) => {
    const same = wanted.size === usual.size && [...wanted].every((one) => usual.has(one));
    panel.apply((changes) => changes.property(element, 'acts', same ? '' : [...wanted].join(',') || 'none'));
  };
  return group(
    '签署',
    select('怎样算办完', kind, SIGNING, choose, { empty: '认领的一个人办理（常用）' }),
    kind === 'count' && number('同意人数', count, (n) => Number(n) >= 1 && put(`count:${n}`), { min: 1, max: 99, unit: '人' }),
    kind === 'percent' && number('同意比例', count, (n) => Number(n) >= 1 && Number(n) <= 100 && put(`percent:${n}`), { min: 1, max: 100, unit: '%' }),
    checks('办理人还可以', now, data.acts, allow, { help: '不勾的操作在这一步不出现。' }),
  );
}

/** One step for each of several people, each with an answer of their own. */
function peopleMany(panel, element) {
  const node = getBusinessObject(element);
  const loop = node.get('loopCharacteristics');
  const many = loop && is(loop, 'bpmn:MultiInstanceLoopCharacteristics');
  const choose = (kind) => panel.apply((changes) => {
    const made = kind ? changes.make('bpmn:MultiInstanceLoopCharacteristics', { isSequential: kind === 'sequential' }, node) : undefined;
    if (made && many && loop.loopCardinality) {
      made.loopCardinality = loop.loopCardinality;
      loop.loopCardinality.$parent = made;
    }
    changes.set(element, { loopCharacteristics: made });
  }, true);
  if (loop && !many) return group('多人各办一份', note('这一步画成了“循环”。请用网关画回头的连线，循环次数才看得见。', 'warn'), button('去掉循环', () => choose(''), 'no-loop'));
  return group(
    '多人各办一份',
    select('份数', many ? (loop.isSequential ? 'sequential' : 'parallel') : '', [['parallel', '同时各办一份'], ['sequential', '一份一份依次办']], choose, { empty: '只办一份', help: '例如几位评审各自打分。' }),
    many && expression('几份', loop.loopCardinality?.body ?? '', (source) => panel.apply((changes) => changes.expression(element, loop, 'loopCardinality', source)), { know: panel.data, url: panel.data.urls.expression, help: '写数字，或选一个人数变量。', lines: 1 }),
  );
}

export function laneGroups(panel, element) {
  if (!is(element, 'bpmn:Lane')) return [];
  const { lanes } = panel.data;
  const name = getBusinessObject(element).get('name') ?? '';
  const put = (chosen) => panel.apply((changes) => changes.set(element, { name: chosen }), true);
  return [
    group('岗位', select('这条泳道是谁', name, lanes.map((one) => [one.name, `${one.name}（${one.title}）`]), put, { help: '岗位由政策包规定。到了泳道里的步骤，本单位担任该岗位的人收到待办。' })),
  ];
}
