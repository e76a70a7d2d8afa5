// Lines out of a gateway: under which condition, said in words or as an expression.
import { getBusinessObject, is, isAny } from 'bpmn-js/lib/util/ModelUtil';
import { check, fact, group, note, select, text } from './fields.js';
import { property } from '../extensions.js';
import { expression } from './complete.js';

const OPERATORS = [['==', '等于'], ['!=', '不等于'], ['>=', '大于或等于'], ['>', '大于'], ['<=', '小于或等于'], ['<', '小于']];
const SIMPLE = /^([A-Za-z_][A-Za-z0-9_]*)\s*(==|!=|>=|<=|>|<)\s*('[^']*'|"[^"]*"|-?\d+|true|false)$/;
const BARE = /^(not\s+)?([A-Za-z_][A-Za-z0-9_]*)$/;

/** A condition of one comparison, or null when it is more than that. */
export function readCondition(source) {
  const bare = BARE.exec(source);
  if (bare && !['true', 'false'].includes(bare[2])) return { name: bare[2], operator: '==', value: !bare[1] };
  const found = SIMPLE.exec(source);
  if (!found) return null;
  const [, name, operator, raw] = found;
  const value = raw === 'true' ? true : raw === 'false' ? false : /^['"]/.test(raw) ? raw.slice(1, -1) : Number(raw);
  return { name, operator, value };
}

/** The expression of one comparison. */
export function writeCondition({ name, operator, value }) {
  if (typeof value === 'boolean') return value === (operator === '==') ? name : `not ${name}`;
  return `${name} ${operator} ${typeof value === 'number' ? value : `'${value}'`}`;
}

export function flowGroups(panel, element) {
  if (!is(element, 'bpmn:SequenceFlow')) return isGateway(element) ? [gateway(panel, element)] : [];
  const node = getBusinessObject(element);
  const source = node.get('sourceRef');
  const { conditionExpression } = node;
  const clear = () => panel.apply((changes) => changes.set(element, { conditionExpression: undefined }), true);
  if (!isAny(source, ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway'])) {
    return conditionExpression ? [group('条件', note('这条线不是从分支网关出来的，条件不起作用。', 'bad'), check('去掉条件', false, clear))] : [];
  }
  const isDefault = source.get('default') === node;
  const makeDefault = (on) => panel.apply((changes) => {
    const shape = panel.modeler.get('elementRegistry').get(source.id);
    if (on) changes.set(element, { conditionExpression: undefined });
    changes.set(shape, { default: on ? node : undefined });
  }, true);
  const fields = [check('其他情况都走这条线', isDefault, makeDefault, { help: '每个分支网关都要有一条，条件都不满足时走它。' })];
  if (!isDefault) fields.push(...conditionFields(panel, element, conditionExpression?.body ?? ''));
  return [group('走这条线的条件', ...fields)];
}

function isGateway(element) {
  return isAny(element, ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway']);
}

function gateway(panel, element) {
  const node = getBusinessObject(element);
  const flows = node.get('outgoing') ?? [];
  if (flows.length < 2) return group('分支', note('从这里画出两条以上的连线，再点每条线写条件。'));
  return group(
    '分支',
    flows.map((flow) => {
      const to = flow.targetRef?.get('name') || flow.targetRef?.id;
      return fact(`${flow.get('name') || '→'} ${to}`, node.get('default') === flow ? '其他情况' : flow.conditionExpression?.body || '还没有写条件', node.get('default') === flow || flow.conditionExpression ? '' : 'bad');
    }),
  );
}

function conditionFields(panel, element, source) {
  const { data } = panel;
  const put = (next, again) => panel.apply((changes) => {
    const node = getBusinessObject(element);
    changes.set(element, { conditionExpression: next ? changes.make('bpmn:FormalExpression', { body: next }, node) : undefined });
  }, again);
  const simple = source ? readCondition(source) : { name: '', operator: '==', value: '' };
  const variable = data.variables.find((one) => one.name === simple?.name);
  const fields = [];
  if (simple && (variable || !source)) {
    const first = (one) => one.values[0]?.[0] ?? (one.kind === 'boolean' ? true : one.kind === 'number' ? 0 : '');
    const choose = (name) => {
      const one = data.variables.find((item) => item.name === name);
      put(one ? writeCondition({ name, operator: '==', value: first(one) }) : '', true);
    };
    fields.push(select('看哪一项', simple.name, offered(panel), choose));
    if (variable) fields.push(...valueFields(variable, simple, put));
  }
  fields.push(expression('条件算式', source, (next) => put(next, false), { know: data, url: data.urls.expression, help: '也可以直接写，例如 amount >= 30000000 and origin == \'street_plan\'（金额单位是分）。' }));
  return fields;
}

/** What can be asked about: first what steps of this drawing give, then the rest. */
function offered(panel) {
  const { forms, variables } = panel.data;
  const steps = panel.modeler.get('elementRegistry').filter((one) => is(one, 'bpmn:Task'));
  const keys = new Set(steps.map((one) => property(one, 'formJsonSchemaFilename').replace(/\.json$/, '')));
  const near = new Set(forms.filter((one) => keys.has(one.key)).flatMap((one) => one.outputs));
  const words = (one) => `${one.label}（${one.name}）`;
  const sorted = [...variables].sort((a, b) => a.label.localeCompare(b.label, 'zh'));
  return [...sorted.filter((one) => near.has(one.name)).map((one) => [one.name, words(one), '本图的步骤给出']), ...sorted.filter((one) => !near.has(one.name)).map((one) => [one.name, words(one), '其他图给出'])];
}

function valueFields(variable, simple, put) {
  const numeric = variable.kind === 'number';
  const operators = numeric ? OPERATORS : OPERATORS.slice(0, 2);
  const change = (part) => put(writeCondition({ ...simple, ...part }), true);
  const fields = [select('关系', simple.operator, operators, (operator) => change({ operator }), { empty: null })];
  if (variable.kind === 'boolean') fields.push(select('值', String(simple.value), [['true', '是'], ['false', '否']], (value) => change({ value: value === 'true' }), { empty: null }));
  else if (variable.values.length) fields.push(select('值', String(simple.value), variable.values.map(([value, words]) => [String(value), words === value ? value : `${words}（${value}）`]), (value) => change({ value: typeof variable.values[0][0] === 'number' ? Number(value) : value }), { empty: null }));
  else fields.push(text('值', String(simple.value), (value) => change({ value: numeric ? Number(value) || 0 : value.replaceAll("'", '') }), { type: numeric ? 'number' : 'text', help: numeric ? '金额请写“分”，例如 30 万元是 30000000。' : null }));
  return fields;
}
