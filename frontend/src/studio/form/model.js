// A form as the designer changes it: sections of fields; read from and written to its two files.
export const KINDS = {
  line: ['一行文字', 'forms'],
  text: ['多行文字', 'align-left'],
  integer: ['整数', 'number-123'],
  fen: ['金额', 'coin-yuan'],
  day: ['日期', 'calendar'],
  radio: ['单选（卡片）', 'circle-dot'],
  choice: ['下拉选择', 'select'],
  choices: ['多选', 'checkbox'],
  yesno: ['是或否', 'toggle-left'],
  confirm: ['勾选确认', 'square-check'],
  rows: ['明细表', 'table'],
  files: ['附件', 'paperclip'],
};
export const COLUMN_KINDS = ['line', 'text', 'integer', 'fen', 'day', 'choice'];
const LONG = 150;
const CHOICES = [{ const: 'yes', title: '选项一' }, { const: 'no', title: '选项二' }];

/** What kind of question a property is. */
export function kindOf(prop, ui = {}) {
  if (prop.type === 'array') {
    if (prop.items?.type === 'object') return 'rows';
    return ui['ui:widget'] === 'file' ? 'files' : 'choices';
  }
  if (prop.oneOf) return ui['ui:widget'] === 'radio' ? 'radio' : 'choice';
  if (prop.type === 'boolean') return prop.const === true || ui['ui:widget'] === 'checkbox' ? 'confirm' : 'yesno';
  if (prop.type === 'integer' || prop.type === 'number') return prop.format === 'fen' ? 'fen' : 'integer';
  if (prop.format === 'date') return 'day';
  return ui['ui:widget'] === 'textarea' || (!ui['ui:widget'] && (prop.maxLength ?? 0) >= LONG) ? 'text' : 'line';
}

/** A new question of a kind. */
export function fresh(kind, title = KINDS[kind][0]) {
  const plain = { line: {}, text: { maxLength: 1000 }, day: { format: 'date' } };
  if (kind in plain) return { prop: { type: 'string', title, ...plain[kind] }, ui: kind === 'text' ? { 'ui:widget': 'textarea' } : {} };
  if (kind === 'integer') return { prop: { type: 'integer', title, minimum: 0 }, ui: {} };
  if (kind === 'fen') return { prop: { type: 'integer', format: 'fen', title, minimum: 1 }, ui: {} };
  if (kind === 'radio' || kind === 'choice') return { prop: { type: 'string', title, oneOf: structuredClone(CHOICES) }, ui: kind === 'radio' ? { 'ui:widget': 'radio' } : {} };
  if (kind === 'choices') return { prop: { type: 'array', title, items: { type: 'string', oneOf: structuredClone(CHOICES) }, uniqueItems: true }, ui: {} };
  if (kind === 'yesno') return { prop: { type: 'boolean', title }, ui: {} };
  if (kind === 'confirm') return { prop: { type: 'boolean', title: '我已核对以上内容', const: true }, ui: { 'ui:widget': 'checkbox' } };
  if (kind === 'files') return { prop: { type: 'array', title, items: { type: 'integer' } }, ui: { 'ui:widget': 'file' } };
  return {
    prop: { type: 'array', title, minItems: 1, maxItems: 30, items: { type: 'object', required: ['name'], properties: { name: { type: 'string', title: '名称' }, amount: { type: 'integer', format: 'fen', title: '金额', minimum: 1 } } } },
    ui: {},
  };
}

export class Model {
  constructor(schemaText, uiText) {
    this.indent = /^\{\n( +)"/.exec(schemaText)?.[1].length ?? 2;
    this.load(JSON.parse(schemaText), JSON.parse(uiText || '{}'));
  }

  load(schema, ui) {
    const properties = schema.properties ?? {};
    this.schema = schema;
    this.title = schema.title ?? '';
    this.top = Object.fromEntries(Object.entries(ui).filter(([key]) => key.startsWith('ui:') && key !== 'ui:sections' && key !== 'ui:order'));
    this.ordered = Array.isArray(ui['ui:order']);
    const all = [...new Set([...(ui['ui:order'] ?? []), ...Object.keys(properties)])].filter((key) => key in properties);
    const field = (key) => ({ key, prop: structuredClone(properties[key]), ui: structuredClone(ui[key] ?? {}), required: (schema.required ?? []).includes(key) });
    const sections = (ui['ui:sections'] ?? []).map((one) => ({ rest: one, title: one.title ?? '', help: one.help ?? '', fields: one.fields.filter((key) => all.includes(key)).map(field) }));
    const placed = new Set(sections.flatMap((one) => one.fields.map((each) => each.key)));
    const left = all.filter((key) => !placed.has(key)).map(field);
    if (left.length || !sections.length) sections.push({ rest: {}, title: sections.length ? '其他' : '', help: '', fields: left });
    this.sections = sections;
  }

  get fields() {
    return this.sections.flatMap((one) => one.fields);
  }

  find(key) {
    return this.fields.find((one) => one.key === key);
  }

  /** The two files. */
  build() {
    const { fields } = this;
    const schema = { ...this.schema, title: this.title, properties: Object.fromEntries(fields.map((one) => [one.key, one.prop])) };
    const required = fields.filter((one) => one.required).map((one) => one.key);
    if (required.length) schema.required = required;
    else delete schema.required;
    const ui = { ...this.top };
    if (this.ordered) ui['ui:order'] = fields.map((one) => one.key);
    if (this.sections.length > 1 || this.sections[0].title || this.sections[0].help) {
      ui['ui:sections'] = this.sections.map((one) => {
        const made = { ...one.rest, title: one.title, help: one.help, fields: one.fields.map((each) => each.key) };
        if (!one.help) delete made.help;
        return made;
      });
    }
    for (const one of fields) if (Object.keys(one.ui).length) ui[one.key] = one.ui;
    return { schema, ui };
  }

  texts() {
    const { schema, ui } = this.build();
    return { schema: `${JSON.stringify(schema, null, this.indent)}\n`, ui: `${JSON.stringify(ui, null, this.indent)}\n` };
  }

  freeKey(start = 'field') {
    let number = 1;
    while (this.find(`${start}_${number}`)) number += 1;
    return `${start}_${number}`;
  }

  add(kind, section = this.sections.length - 1, at = this.sections[section].fields.length) {
    const made = { key: this.freeKey(), ...fresh(kind), required: false };
    this.sections[section].fields.splice(at, 0, made);
    return made;
  }

  place(field) {
    const section = this.sections.findIndex((one) => one.fields.includes(field));
    return { section, at: this.sections[section].fields.indexOf(field) };
  }

  remove(field) {
    const { section, at } = this.place(field);
    this.sections[section].fields.splice(at, 1);
    for (const one of this.fields) {
      if (one.ui['ui:visibleIf']?.field === field.key) delete one.ui['ui:visibleIf'];
      if (one.ui['ui:optionsOf'] === field.key) delete one.ui['ui:optionsOf'];
      const sum = one.ui['ui:sum'];
      if (sum && [sum.equalsField, sum.limitField].includes(field.key)) delete one.ui['ui:sum'];
    }
  }

  /** Put a field somewhere else. */
  move(field, section, at) {
    const from = this.place(field);
    this.sections[from.section].fields.splice(from.at, 1);
    this.sections[section].fields.splice(at, 0, field);
  }

  /** One place up or down, over the borders of sections. */
  nudge(field, by) {
    const { section, at } = this.place(field);
    const { length } = this.sections[section].fields;
    if (at + by >= 0 && at + by < length) this.move(field, section, at + by);
    else if (by < 0 && section > 0) this.move(field, section - 1, this.sections[section - 1].fields.length);
    else if (by > 0 && section < this.sections.length - 1) this.move(field, section + 1, 0);
  }

  /** Another name; false when it is taken or no name. What refers to it follows. */
  rename(field, key) {
    if (!/^[a-z][a-z0-9_]{0,60}$/i.test(key) || (this.find(key) && this.find(key) !== field)) return false;
    for (const one of this.fields) {
      if (one.ui['ui:visibleIf']?.field === field.key) one.ui['ui:visibleIf'].field = key;
      if (one.ui['ui:optionsOf'] === field.key) one.ui['ui:optionsOf'] = key;
      for (const part of ['equalsField', 'limitField']) if (one.ui['ui:sum']?.[part] === field.key) one.ui['ui:sum'][part] = key;
    }
    field.key = key;
    return true;
  }

  addSection() {
    if (this.sections.length === 1 && !this.sections[0].title) this.sections[0].title = '基本情况';
    const made = { rest: {}, title: '新的一节', help: '', fields: [] };
    this.sections.push(made);
    return made;
  }

  /** A section goes, its fields stay: in the one before, else in the one after. */
  removeSection(section) {
    const at = this.sections.indexOf(section);
    if (this.sections.length === 1) return;
    const heir = this.sections[at - 1] ?? this.sections[1];
    heir.fields = at ? [...heir.fields, ...section.fields] : [...section.fields, ...heir.fields];
    this.sections.splice(at, 1);
  }
}
