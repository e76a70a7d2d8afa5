// Drawing without a mouse: what follows the chosen element, added or connected by buttons.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { kindName } from './kinds.js';
import { acts, button, more, select } from './fields.js';

const FOLLOW = [['人员步骤', 'bpmn:UserTask'], ['自动步骤', 'bpmn:ServiceTask'], ['决策表', 'bpmn:BusinessRuleTask'], ['分支', 'bpmn:ExclusiveGateway'], ['并行', 'bpmn:ParallelGateway'], ['结束', 'bpmn:EndEvent']];

export function nextGroups(panel, element) {
  if (!is(element, 'bpmn:FlowNode') || is(element, 'bpmn:EndEvent')) return [];
  const get = (name) => panel.modeler.get(name);
  const add = (type) => () => {
    const made = get('autoPlace').append(element, get('elementFactory').createShape({ type }));
    get('selection').select(made);
    panel.place.querySelector('input')?.focus();
  };
  const others = get('elementRegistry').filter((one) => is(one, 'bpmn:FlowNode') && one.type !== 'label' && one !== element && !is(one, 'bpmn:StartEvent') && !is(one, 'bpmn:BoundaryEvent'));
  const connect = (id) => id && get('modeling').connect(element, get('elementRegistry').get(id));
  return [
    more(
      '接着做什么',
      false,
      acts(...FOLLOW.map(([words, type]) => button(`加${words}`, add(type), `next-${type}`))),
      select('连线到已有的', '', others.map((one) => [one.id, `${getBusinessObject(one).get('name') || kindName(one)}（${one.id}）`]), connect),
    ),
  ];
}
