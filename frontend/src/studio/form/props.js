// The properties of a field, a section or the form: what is asked, how, and what the server holds people to.
import { h } from '../dom.js';
import { acts, button, check, checks, group, more, note, number, select, text } from '../panel/fields.js';
import { below, column, starting } from './details.js';
import { COLUMN_KINDS, KINDS, fresh, kindOf } from './model.js';

const WIDTHS = [['3', '四分之一'], ['4', '三分之一'], ['6', '二分之一'], ['8', '三分之二'], ['12', '整行']];

/** Set or, when empty, remove a key. */
function put(target, key, value) {
  if (value === '' || value === undefined || value === null || value === false) delete target[key];
  else target[key] = value;
}

const whole = (typed) => (typed === '' ? '' : Number(typed));
const yuan = (fen) => (fen === undefined ? '' : String(fen / 100));
const fenOf = (typed) => (typed === '' ? '' : Math.round(Number(typed) * 100));

export class Props {
  /** @param board { model, chosen, changed(again), handled } */
  constructor(place, board) {
    this.place = place;
    this.board = board;
  }

  render() {
    const { chosen, model } = this.board;
    const focused = this.place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const parts = chosen === null ? this.form(model) : 'fields' in chosen ? this.section(chosen) : this.field(chosen);
    this.place.replaceChildren(...parts.flat().filter(Boolean));
    if (this.board.readOnly) for (const one of this.place.querySelectorAll('input,select,textarea,button')) one.disabled = true;
    if (focused) [...this.place.querySelectorAll('[data-key]')].find((one) => one.dataset.key === focused)?.focus();
  }

  /** A change of the model; `again` when other properties appear with it. */
  set(act, again = false) {
    act();
    this.board.changed();
    if (again) this.render();
  }

  setting = (act, again) => this.set(act, again);

  start(field, kind) {
    const asked = starting(field, kind, this.setting);
    return asked && group('起始值', asked);
  }

  /** What the server will hold people to, in its own words. */
  held(field) {
    const place = h('ul', { class: 'zj-d-held' });
    this.holding = () => place.replaceChildren(...(this.board.words?.get(field.key) ?? ['正在核对…']).map((one) => h('li', {}, one)));
    this.holding();
    return group('服务器核对什么', place);
  }

  form(model) {
    const { top } = model;
    const line = (label, key, options) => text(label, Array.isArray(top[key]) ? top[key].join('\n') : top[key], (value) => this.set(() => put(top, key, Array.isArray(top[key]) ? value.split('\n').filter(Boolean) : value)), options);
    return [
      h('h2', {}, '整张表单'),
      group('名称和说明', text('表单名称', model.title, (value) => this.set(() => { model.title = value; })), line('这一步做什么', 'ui:intro', { lines: 3 }), line('需要准备什么', 'ui:prepare', { lines: 3, help: '几样东西各写一行。' }), line('提交以后怎样', 'ui:next', { lines: 3 }), line('提交按钮上的字', 'ui:submit', { placeholder: '提交' })),
      acts(button('加一节', () => this.board.addSection(), 'add-section')),
    ];
  }

  section(one) {
    return [
      h('h2', {}, '一节'),
      group('标题', text('标题', one.title, (value) => this.set(() => { one.title = value; })), text('说明', one.help, (value) => this.set(() => { one.help = value; }), { lines: 2 })),
      acts(button('上移', () => this.board.moveSection(one, -1), 'up'), button('下移', () => this.board.moveSection(one, 1), 'down'), button('去掉这一节', () => this.board.removeSection(one), 'drop')),
      note('去掉一节，里面的内容并到前一节。'),
    ];
  }

  field(field) {
    const kind = kindOf(field.prop, field.ui);
    const { prop, ui } = field;
    const rename = (value) => {
      if (!this.board.model.rename(field, value.trim())) this.board.wrong(`字段名“${value}”不能用：只用英文字母、数字和下划线，不能和别的重复。`);
      this.board.changed();
      this.render();
    };
    return [
      h('header', { class: 'zj-p-head' }, h('p', {}, KINDS[kind][0]), h('h2', {}, prop.title || field.key)),
      this.board.handled && note('这张表单由系统处理。改字段名或删字段可能使办理失败，检查和试办会告诉您。', 'warn'),
      group(
        '内容',
        text('标题', prop.title, (value) => this.set(() => { prop.title = value; })),
        text('填写说明', ui['ui:help'], (value) => this.set(() => put(ui, 'ui:help', value)), { lines: 2 }),
        prop.readOnly ? note('由系统填写，只显示。') : check('必填', field.required, (on) => this.set(() => { field.required = on; })),
        select('宽度', String(ui['ui:width'] ?? 12), WIDTHS, (value) => this.set(() => put(ui, 'ui:width', value === '12' ? '' : Number(value))), { empty: null, help: '手机上总是整行。' }),
      ),
      this.rules(field, kind),
      this.held(field),
      prop.oneOf || prop.items?.oneOf ? this.options(prop.oneOf ? prop : prop.items, below(field, this.board.model.fields, kind, this.setting)) : null,
      this.start(field, kind),
      kind === 'rows' ? [this.columns(field), this.sum(field)] : null,
      this.condition(field),
      more('字段名和依据', false, text('字段名', field.key, rename, { help: '条件和系统用它取答案。' }), text('依据', ui['ui:rule'], (value) => this.set(() => put(ui, 'ui:rule', value)), { help: '办法条款或法规编号，显示在标题旁。' })),
    ];
  }

  rules({ prop, ui }, kind) {
    const count = (label, target, key, options) => number(label, target[key] ?? '', (value) => this.set(() => put(target, key, whole(value))), options);
    if (kind === 'line' || kind === 'text') {
      const words = prop['x-messages']?.pattern ?? '';
      const say = (value) => this.set(() => put(prop, 'x-messages', value ? { ...prop['x-messages'], pattern: value } : undefined));
      return group('核对', count('最少字数', prop, 'minLength'), count('最多字数', prop, 'maxLength'), kind === 'line' && text('格式（正则）', prop.pattern, (value) => this.set(() => put(prop, 'pattern', value), true), { placeholder: '例如 ^1[0-9]{10}$' }), prop.pattern && text('格式不对时说', words, say, { placeholder: '例如：请填写 11 位手机号' }));
    }
    if (kind === 'integer') return group('核对', count('最小', prop, 'minimum', { min: null }), count('最大', prop, 'maximum', { min: null }), text('单位', ui['ui:unit'], (value) => this.set(() => put(ui, 'ui:unit', value)), { placeholder: '人、天、分' }));
    if (kind === 'fen') {
      const money = (label, key) => text(label, yuan(prop[key]), (value) => Number.isFinite(Number(value)) && this.set(() => put(prop, key, fenOf(value))), { type: 'number', min: 0, unit: '元' });
      return group('核对', money('不少于', 'minimum'), money('不超过', 'maximum'));
    }
    if (kind === 'rows') return group('核对', count('最少行数', prop, 'minItems'), count('最多行数', prop, 'maxItems'), text('加行按钮上的字', ui['ui:addLabel'], (value) => this.set(() => put(ui, 'ui:addLabel', value)), { placeholder: '加一行' }));
    if (kind === 'files') return group('核对', count('最少几个', prop, 'minItems'), count('最多几个', prop, 'maxItems'), text('只收这些', ui['ui:accept'], (value) => this.set(() => put(ui, 'ui:accept', value)), { placeholder: '.pdf,image/*' }));
    if (kind === 'choices') return group('核对', count('至少选几项', prop, 'minItems'), count('至多选几项', prop, 'maxItems'));
    return null;
  }

  /** The choices of a field, each with what is stored and what is read. */
  options(target, more = null, prefix = '') {
    const list = target.oneOf;
    const line = (one, index) => h(
      'li',
      { class: 'zj-d-option' },
      text('显示', one.title, (value) => this.set(() => { one.title = value; }), { key: `${prefix}option-${index}-title` }),
      text('存为', String(one.const), (value) => this.set(() => { one.const = target.type === 'integer' ? Number(value) : value; }), { key: `${prefix}option-${index}-const` }),
      button('删除', () => this.set(() => list.splice(index, 1), true), `${prefix}option-${index}-drop`),
    );
    const add = () => this.set(() => list.push({ const: target.type === 'integer' ? list.length + 1 : `option_${list.length + 1}`, title: `选项${list.length + 1}` }), true);
    return group('选项', h('ol', { class: 'zj-d-options' }, list.map(line)), acts(button('加一个选项', add, `${prefix}add-option`)), more);
  }

  columns(field) {
    const { items } = field.prop;
    const names = Object.keys(items.properties);
    const again = (order) => { items.properties = Object.fromEntries(order.map((name) => [name, items.properties[name]])); };
    const line = (name, index) => {
      const prop = items.properties[name];
      const ui = field.ui['ui:columns']?.[name] ?? {};
      const kind = kindOf(prop, ui);
      const change = (next) => this.set(() => {
        const made = fresh(next, prop.title);
        items.properties[name] = made.prop;
        const columns = { ...field.ui['ui:columns'], [name]: made.ui };
        if (!Object.keys(made.ui).length) delete columns[name];
        put(field.ui, 'ui:columns', Object.keys(columns).length ? columns : '');
      }, true);
      const require = (on) => this.set(() => put(items, 'required', on ? [...(items.required ?? []), name] : (items.required ?? []).filter((one) => one !== name)));
      const drop = () => this.set(() => {
        again(names.filter((one) => one !== name));
        items.required = (items.required ?? []).filter((one) => one !== name);
        if (field.ui['ui:sum']?.column === name) delete field.ui['ui:sum'];
      }, true);
      const up = () => this.set(() => again(names.toSpliced(index - 1, 2, name, names[index - 1])), true);
      return h(
        'li',
        { class: 'zj-d-option' },
        text('列标题', prop.title, (value) => this.set(() => { prop.title = value; }), { key: `column-${index}-title` }),
        select('种类', kind, COLUMN_KINDS.map((one) => [one, KINDS[one][0]]), change, { empty: null, key: `column-${index}-kind` }),
        check('必填', (items.required ?? []).includes(name), require, { key: `column-${index}-required` }),
        acts(index > 0 && button('上移', up, `column-${index}-up`), names.length > 1 && button('删除', drop, `column-${index}-drop`)),
        column(field, name, { rules: (one, of) => this.rules(one, of), options: (...given) => this.options(...given), set: this.setting }),
      );
    };
    const add = () => this.set(() => {
      let n = names.length + 1;
      while (`column_${n}` in items.properties) n += 1;
      items.properties[`column_${n}`] = { type: 'string', title: `第 ${names.length + 1} 列` };
      if (field.ui['ui:order']) field.ui['ui:order'].push(`column_${n}`);
    }, true);
    return group('列', h('ol', { class: 'zj-d-options' }, names.map(line)), acts(button('加一列', add, 'add-column')));
  }

  sum(field) {
    const sum = field.ui['ui:sum'];
    const numeric = Object.entries(field.prop.items.properties).filter(([, prop]) => prop.type === 'integer').map(([name, prop]) => [name, prop.title ?? name]);
    if (!numeric.length) return null;
    const rule = !sum ? '' : 'total' in sum ? 'total' : sum.equalsField ? 'equalsField' : sum.limitField ? 'limitField' : 'show';
    const targets = this.board.model.fields.filter((one) => one.prop.type === 'integer').map((one) => [one.key, one.prop.title ?? one.key]);
    const write = (part, again = true) => this.set(() => put(field.ui, 'ui:sum', part), again);
    const { total: _t, equalsField: _e, limitField: _l, ...base } = sum ?? { column: numeric[0][0] };
    const choose = (next) => write(next === '' ? '' : { ...base, ...(next === 'total' ? { total: 100 } : next === 'show' ? {} : { [next]: targets[0]?.[0] ?? '' }) });
    return group(
      '合计',
      select('合计怎样核对', rule, [['show', '只显示合计'], ['total', '必须等于一个数'], ['equalsField', '必须等于另一个字段'], ['limitField', '不能超过另一个字段']], choose, { empty: '不合计' }),
      sum && select('合计哪一列', sum.column, numeric, (column) => write({ ...sum, column }), { empty: null }),
      rule === 'total' && number('等于', sum.total, (value) => value !== '' && write({ ...sum, total: Number(value) }, false)),
      (rule === 'equalsField' || rule === 'limitField') && select('哪个字段', sum[rule], targets, (value) => write({ ...sum, [rule]: value })),
    );
  }

  /** Asked only when another field has one of some answers. */
  condition(field) {
    const now = field.ui['ui:visibleIf'];
    const sources = this.board.model.fields.filter((one) => one !== field && (one.prop.oneOf || one.prop.items?.oneOf || one.prop.type === 'boolean'));
    if (!sources.length && !now) return null;
    const answers = (one) => (one.prop.type === 'boolean' ? [[true, '是'], [false, '否']] : (one.prop.oneOf ?? one.prop.items.oneOf).map((each) => [each.const, each.title]));
    const source = sources.find((one) => one.key === now?.field);
    const choose = (key) => {
      const one = sources.find((each) => each.key === key);
      this.set(() => put(field.ui, 'ui:visibleIf', one ? { field: key, in: [answers(one)[0][0]] } : ''), true);
    };
    const pick = (values) => this.set(() => { now.in = answers(source).map(([value]) => value).filter((value) => values.has(String(value))); });
    return group('什么时候问', select('只在这个字段', now?.field ?? '', sources.map((one) => [one.key, one.prop.title ?? one.key]), choose, { empty: '总是问' }), source && checks('是这些答案时', new Set(now.in.map(String)), answers(source).map(([value, words]) => [String(value), words]), pick));
  }
}
