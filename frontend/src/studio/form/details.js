// The finer properties of a question: what it starts with, which options go with another answer, columns in detail.
import { check, checks, more, note, number, select, text } from '../panel/fields.js';
import { kindOf } from './model.js';

const COLUMN_WIDTHS = [['1', '很窄'], ['2', '窄'], ['3', '普通'], ['4', '宽'], ['5', '很宽']];
const YES_NO = [['true', '是'], ['false', '否']];

/** Options of a question: [what is stored as text, what is read]. */
function optionsOf(prop) {
  const source = prop.type === 'array' ? prop.items : prop;
  return (source?.oneOf ?? []).map((one) => [String(one.const), one.title ?? String(one.const)]);
}

function storedAs(prop, typed) {
  return (prop.type === 'array' ? prop.items : prop).type === 'integer' ? Number(typed) : typed;
}

/** What a question is filled in with at first; the person may change it. */
export function starting({ prop }, kind, set) {
  if (prop.readOnly || kind === 'confirm' || kind === 'files') return null;
  const put = (value) => set(() => {
    if (value === '' || value === undefined) delete prop.default;
    else prop.default = value;
  });
  const help = '打开表单时先填好，办理人可以改。';
  if (kind === 'rows') return prop.default ? note(`打开时先有 ${prop.default.length} 行，内容在“源文件”里改。`) : null;
  if (kind === 'choices') return checks('先选好', new Set((prop.default ?? []).map(String)), optionsOf(prop), (values) => put(values.size ? optionsOf(prop).map(([one]) => one).filter((one) => values.has(one)).map((one) => storedAs(prop, one)) : ''), { help });
  const now = prop.default === undefined ? '' : String(prop.default);
  if (kind === 'radio' || kind === 'choice') return select('先选好', now, optionsOf(prop), (value) => put(value && storedAs(prop, value)), { empty: '不先选', help });
  if (kind === 'yesno') return select('先选好', now, YES_NO, (value) => put(value && value === 'true'), { empty: '不先选', help });
  if (kind === 'integer') return number('先填好', now, (value) => put(value === '' ? '' : Number(value)), { min: null, help });
  if (kind === 'fen') return number('先填好', prop.default === undefined ? '' : prop.default / 100, (value) => put(value === '' ? '' : Math.round(Number(value) * 100)), { unit: '元', help });
  return text('先填好', now, put, { type: kind === 'day' ? 'date' : 'text', lines: kind === 'text' ? 2 : undefined, help });
}

/** Only the options below another question's answer are offered: "basic" offers "basic.elder_care". */
export function below(field, fields, kind, set) {
  if (kind !== 'radio' && kind !== 'choices') return null;
  const parents = fields.filter((one) => one !== field && one.prop.type === 'string' && !one.prop.format);
  const chosen = field.ui['ui:optionsOf'];
  if (!parents.length && !chosen) return null;
  const parent = parents.find((one) => one.key === chosen);
  const lost = parent?.prop.oneOf ? optionsOf(field.prop).filter(([stored]) => !optionsOf(parent.prop).some(([above]) => stored.startsWith(`${above}.`))) : [];
  return [
    select('按这个问题的答案给选项', chosen ?? '', parents.map((one) => [one.key, one.prop.title ?? one.key]), (key) => set(() => {
      if (key) field.ui['ui:optionsOf'] = key;
      else delete field.ui['ui:optionsOf'];
    }, true), { empty: '总是给出全部选项', help: '选项的“存为”以上一级的“存为”加一点开头，例如上一级存为 basic，这里存为 basic.elder_care。' }),
    lost.length ? note(`这些选项不属于上一级的任何答案，不会出现：${lost.map(([, words]) => words).join('、')}`, 'warn') : null,
  ];
}

/** How a column of a list looks and what it holds people to. */
export function column(field, name, { rules, options, set }) {
  const prop = field.prop.items.properties[name];
  const ui = { ...field.ui['ui:columns']?.[name] };
  const kind = kindOf(prop, ui);
  const change = (act, again) => set(() => {
    act();
    const columns = { ...field.ui['ui:columns'], [name]: ui };
    if (!Object.keys(ui).length) delete columns[name];
    if (Object.keys(columns).length) field.ui['ui:columns'] = columns;
    else delete field.ui['ui:columns'];
  }, again);
  const keep = (key, value) => change(() => {
    if (value === '') delete ui[key];
    else ui[key] = value;
  });
  return more(
    `“${prop.title ?? name}”列的宽度和核对`,
    false,
    select('列宽', String(ui['ui:width'] ?? ''), COLUMN_WIDTHS, (value) => keep('ui:width', value === '' ? '' : Number(value)), { empty: '按种类', help: '手机上总是整行。', key: `column-${name}-width` }),
    kind === 'text' && number('几行高', ui['ui:rows'] ?? '', (value) => keep('ui:rows', value === '' ? '' : Number(value)), { min: 1, key: `column-${name}-rows` }),
    kind === 'integer' && text('单位', ui['ui:unit'], (value) => keep('ui:unit', value), { placeholder: '人、天、次', key: `column-${name}-unit` }),
    check('由系统填写，只显示', prop.readOnly, (on) => change(() => {
      if (on) prop.readOnly = true;
      else delete prop.readOnly;
    }), { help: '有这样的列，行数就由系统定，不能加行。', key: `column-${name}-own` }),
    ['line', 'text', 'fen'].includes(kind) ? rules({ prop, ui }, kind) : null,
    kind === 'integer' ? [number('最小', prop.minimum ?? '', (value) => change(() => limit(prop, 'minimum', value)), { min: null, key: `column-${name}-min` }), number('最大', prop.maximum ?? '', (value) => change(() => limit(prop, 'maximum', value)), { min: null, key: `column-${name}-max` })] : null,
    prop.oneOf ? options(prop, null, `column-${name}-`) : null,
  );
}

function limit(prop, key, value) {
  if (value === '') delete prop[key];
  else prop[key] = Number(value);
}
