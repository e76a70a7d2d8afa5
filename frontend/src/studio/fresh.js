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
