// Events: what is waited for or told. Timers are picked by kind and days; the engine's notation is written for them.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { check, group, note, number, select, text } from './fields.js';
import { expression } from './complete.js';

const NAMED = {
  'bpmn:MessageEventDefinition': ['消息', 'bpmn:Message', 'messageRef'],
  'bpmn:SignalEventDefinition': ['信号', 'bpmn:Signal', 'signalRef'],
  'bpmn:ErrorEventDefinition': ['差错', 'bpmn:Error', 'errorRef'],
  'bpmn:EscalationEventDefinition': ['上报', 'bpmn:Escalation', 'escalationRef'],
};
const REFUSED = {
  'bpmn:LinkEventDefinition': '链接事件会让流程无声地结束，请直接连线。',
  'bpmn:CompensateEventDefinition': '不支持补偿事件，请画出撤销的步骤。',
  'bpmn:CancelEventDefinition': '不支持取消事件，请用网关和结束事件。',
  'bpmn:ConditionalEventDefinition': '条件事件不能可靠触发，请改用网关。',
};
const UNITS = [['D', '天（含节假日）'], ['W', '周'], ['M', '个月']];
const DURATION = /^['"]P(\d+)([DWM])['"]$/;
const HOURS = /^['"]PT(\d+)H['"]$/;
const WORKDAYS = /^(due_in|due_soon)\((\d+)\)$/;
const CYCLE = /^['"]R(\d*)\/P(\d+)([DWM])['"]$/;

/** How a timer is written: kind, number, unit, times; kind "other" for what only an expression says. */
export function readTimer(definition) {
  const source = (name) => definition.get(name)?.body?.trim() ?? '';
  const [date, duration, cycle] = ['timeDate', 'timeDuration', 'timeCycle'].map(source);
  const working = WORKDAYS.exec(date);
  if (working) return { kind: working[1], count: working[2] };
  if (date) return { kind: 'date', source: date };
  const repeated = CYCLE.exec(cycle);
  if (repeated) return { kind: 'cycle', times: repeated[1], count: repeated[2], unit: repeated[3] };
  if (cycle) return { kind: 'cycle-other', source: cycle };
  const hours = HOURS.exec(duration);
  if (hours) return { kind: 'duration', count: hours[1], unit: 'H' };
  const found = DURATION.exec(duration);
  if (found) return { kind: 'duration', count: found[1], unit: found[2] };
  return duration ? { kind: 'other', source: duration } : { kind: '', source: '' };
}

/** The same the other way round: the attribute and its text. */
export function writeTimer({ kind, source = '', count = '5', unit = 'D', times = '3' }) {
  if (kind === 'due_in' || kind === 'due_soon') return ['timeDate', `${kind}(${count})`];
  if (kind === 'date') return ['timeDate', source];
  if (kind === 'duration') return ['timeDuration', unit === 'H' ? `'PT${count}H'` : `'P${count}${unit}'`];
  if (kind === 'cycle') return ['timeCycle', `'R${times}/P${count}${unit}'`];
  return [kind === 'cycle-other' ? 'timeCycle' : 'timeDuration', source];
}

export function eventGroups(panel, element) {
  const node = getBusinessObject(element);
  if (!is(element, 'bpmn:Event')) return [];
  const definition = node.get('eventDefinitions')?.[0];
  const groups = [];
  if (is(element, 'bpmn:BoundaryEvent')) groups.push(interrupting(panel, element, node));
  if (!definition) return groups;
  if (is(definition, 'bpmn:TimerEventDefinition')) groups.push(timer(panel, element, definition));
  const named = NAMED[definition.$type];
  if (named) groups.push(nameOf(panel, element, definition, ...named));
  if (definition.$type in REFUSED) groups.push(group('不支持', note(REFUSED[definition.$type], 'bad')));
  if (is(element, 'bpmn:EndEvent') && is(definition, 'bpmn:SignalEventDefinition')) groups.push(group('不支持', note('信号结束事件不会发出信号，请改用“通知”事件。', 'bad')));
  return groups;
}

function interrupting(panel, element, node) {
  const put = (value) => panel.apply((changes) => changes.set(element, { cancelActivity: value }), true);
  return group('到了以后', check('中断所附的步骤', node.get('cancelActivity') !== false, put, { help: '勾上：原来的步骤不再办理，走这条线。不勾：原来的步骤照办，另外多走这条线（例如催办）。' }));
}

function timer(panel, element, definition) {
  const now = readTimer(definition);
  const { data } = panel;
  const write = (next, again) => panel.apply((changes) => {
    const [attribute, source] = writeTimer(next);
    const cleared = { timeDate: undefined, timeDuration: undefined, timeCycle: undefined };
    const made = source.trim() ? changes.make('bpmn:FormalExpression', { body: source.trim() }, definition) : undefined;
    changes.inner(element, definition, { ...cleared, [attribute]: made });
  }, again);
  const kinds = [['due_in', '几个工作日期满'], ['due_soon', '几个工作日期满前一天'], ['duration', '等一段时间'], ['date', '等到某一天'], ['cycle', '每隔一段时间重复'], ['other', '按算式等一段时间']];
  const dates = data.variables.filter((one) => one.kind === 'date').map((one) => [one.name, `${one.label}（${one.name}）`]);
  const fields = [select('怎样计时', now.kind === 'cycle-other' ? 'cycle' : now.kind, kinds, (kind) => write({ kind, source: kind === 'date' ? dates[0]?.[0] ?? '' : kind === 'other' ? "iso_days(5)" : '' }, true))];
  const know = { know: data, url: data.urls.expression, lines: 1 };
  if (now.kind === 'date') {
    const plain = dates.some(([name]) => name === now.source);
    if (dates.length) fields.push(select('到哪一天', plain ? now.source : '', dates, (source) => source && write({ kind: 'date', source }, true), { empty: plain ? null : '自己写算式', help: '由前面的步骤按工作日历算好的日期。' }));
    if (!plain) fields.push(expression('日期算式', now.source, (source) => write({ kind: 'date', source }), know));
  }
  if (now.kind === 'due_in' || now.kind === 'due_soon') fields.push(number('工作日数', now.count, (count) => Number(count) >= 1 && write({ ...now, count }), { min: 1, max: 250, unit: '个工作日', help: '从走到这里起算，按工作日历，节假日不计。' }));
  if (now.kind === 'duration' || now.kind === 'cycle') {
    const units = now.kind === 'duration' ? [['H', '小时'], ...UNITS] : UNITS;
    fields.push(number(now.kind === 'cycle' ? '每隔' : '等多久', now.count, (count) => Number(count) >= 1 && write({ ...now, count }), { min: 1, max: 999 }));
    fields.push(select('单位', now.unit, units, (unit) => write({ ...now, unit }), { empty: null }));
  }
  if (now.kind === 'cycle') fields.push(number('重复几次', now.times, (times) => Number(times) >= 1 && write({ ...now, times }), { min: 1, max: 99, unit: '次' }));
  if (now.kind === 'other' || now.kind === 'cycle-other') fields.push(expression('时间算式', now.source, (source) => write({ kind: now.kind, source }), { ...know, help: '例如 iso_days(notice_days)。' }));
  return group('计时', ...fields);
}

function nameOf(panel, element, definition, words, type, attribute) {
  const put = (name) => panel.apply((changes) => changes.inner(element, definition, { [attribute]: name.trim() ? changes.root(type, name.trim()) : undefined }));
  return group(words, text(`${words}名称`, definition.get(attribute)?.name ?? '', put, { help: `发出和等待的一方要写同一个名称。` }));
}
