// What each kind of element is called here.
import { getBusinessObject } from 'bpmn-js/lib/util/ModelUtil';

const KINDS = {
  UserTask: '人员办理的步骤', ManualTask: '线下办理的步骤', Task: '步骤（未定种类）', ServiceTask: '系统自动步骤', BusinessRuleTask: '按决策表判断',
  ScriptTask: '计算步骤', SendTask: '发送消息', ReceiveTask: '等待消息', CallActivity: '转到另一张流程图', SubProcess: '子流程', Transaction: '事务子流程',
  ExclusiveGateway: '分支：只走一条', ParallelGateway: '并行：同时走几条', InclusiveGateway: '包容：满足的都走', EventBasedGateway: '等待：先发生的先走', ComplexGateway: '复杂网关（不支持）',
  StartEvent: '开始', EndEvent: '结束', IntermediateCatchEvent: '等待', IntermediateThrowEvent: '通知', BoundaryEvent: '附着在步骤上的事件',
  SequenceFlow: '连线', MessageFlow: '消息流', Association: '关联', Lane: '泳道（岗位）', Participant: '流程池', Process: '流程', Collaboration: '整张图',
  TextAnnotation: '注释', Group: '分组', DataObjectReference: '数据', DataStoreReference: '数据存储（不支持）', DataInputAssociation: '数据关联', DataOutputAssociation: '数据关联',
};

export function kindName(element) {
  const type = getBusinessObject(element).$type.replace('bpmn:', '');
  return KINDS[type] ?? type;
}
