// What a new file starts with.

/** A form with one field, so that it can be opened and shown at once. */
export function freshForm(title) {
  const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', title, required: ['opinion'], properties: { opinion: { type: 'string', title: '办理意见', maxLength: 2000 } } };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

const escape = (text) => text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]);

/** A decision table with one input, one output and one rule that always applies. */
export function freshDecision(id, name) {
  const words = escape(name);
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" id="defs_${id}" name="${words}" namespace="https://zhenjie.example/dmn">
  <decision id="${id}" name="${words}">
    <decisionTable id="${id}_table" hitPolicy="UNIQUE">
      <input id="${id}_i1" label="金额（分）"><inputExpression id="${id}_e1" typeRef="number"><text>amount</text></inputExpression></input>
      <output id="${id}_o1" label="结论" name="result" typeRef="string" />
      <rule id="${id}_r1">
        <inputEntry id="${id}_r1_c1"><text></text></inputEntry>
        <outputEntry id="${id}_r1_c2"><text>"ok"</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
  <dmndi:DMNDI><dmndi:DMNDiagram id="${id}_dia"><dmndi:DMNShape id="${id}_shape" dmnElementRef="${id}"><dc:Bounds height="80" width="180" x="160" y="80" /></dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>
`;
}

/** A process with one lane, a start and an end. */
export function freshProcess(id, name, lane) {
  const [title, role] = [escape(name), escape(lane)];
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d_${id}" targetNamespace="https://zhenjie.example/bpmn">
  <bpmn:collaboration id="c_${id}"><bpmn:participant id="pool_${id}" name="${title}" processRef="${id}" /></bpmn:collaboration>
  <bpmn:process id="${id}" name="${title}" isExecutable="true">
    <bpmn:laneSet id="lanes_${id}"><bpmn:lane id="lane_${id}_1" name="${role}"><bpmn:flowNodeRef>start</bpmn:flowNodeRef><bpmn:flowNodeRef>end</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>
    <bpmn:startEvent id="start" name="开始"><bpmn:outgoing>f_start_end</bpmn:outgoing></bpmn:startEvent>
    <bpmn:endEvent id="end" name="结束"><bpmn:incoming>f_start_end</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="f_start_end" sourceRef="start" targetRef="end" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="dia_${id}"><bpmndi:BPMNPlane id="pl_${id}" bpmnElement="c_${id}">
    <bpmndi:BPMNShape id="pool_${id}_di" bpmnElement="pool_${id}" isHorizontal="true"><dc:Bounds x="160" y="80" width="760" height="180" /></bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="lane_${id}_1_di" bpmnElement="lane_${id}_1" isHorizontal="true"><dc:Bounds x="190" y="80" width="730" height="180" /></bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="start_di" bpmnElement="start"><dc:Bounds x="252" y="152" width="36" height="36" /></bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="end_di" bpmnElement="end"><dc:Bounds x="812" y="152" width="36" height="36" /></bpmndi:BPMNShape>
    <bpmndi:BPMNEdge id="f_start_end_di" bpmnElement="f_start_end"><di:waypoint x="288" y="170" /><di:waypoint x="812" y="170" /></bpmndi:BPMNEdge>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>
`;
}
