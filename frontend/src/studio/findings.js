// What the check found: marks on the drawing, a list with ways to go there and to mend, paths step by step.
import { h, icon } from './dom.js';

const WORDS = { error: '错误', warning: '提醒' };
const TONES = { error: 'bad', warning: 'warn' };
const OUTCOMES = { holds: ['已证明', 'good'], 'holds-under': ['在所写条件下成立', 'good'], broken: ['被违反', 'bad'], unknown: ['没有证明出来', 'warn'] };
const REPLAY = { real: '系统照这条路走过一遍，确实会发生。', 'drawing-only': '按图可能发生；按现有数据走不到。仍须改图，或由第二人说明理由后接受。' };

export class Findings {
  /**
   * @param place the list's element
   * @param options { file, names: file → title, where(step), goTo(element), openFile(file, element), mend(finding),
   *   mark(findings), walk(path, at), canMend() }
   */
  constructor(place, options) {
    this.place = place;
    this.options = options;
    this.report = { findings: [], verdicts: [] };
    this.path = null;
  }

  get errors() {
    return this.report.findings.filter((one) => one.severity === 'error').length + this.report.verdicts.filter((one) => ['broken', 'unknown'].includes(one.outcome)).length;
  }

  wait() {
    this.place.setAttribute('aria-busy', 'true');
  }

  show(report) {
    this.report = { findings: report.findings ?? [], verdicts: report.verdicts ?? [], seconds: report.seconds, states: report.states, bound: report.bound };
    this.place.removeAttribute('aria-busy');
    this.options.mark(this.here());
    this.render();
  }

  /** What has been found so far, and how far the proofs are. */
  progress({ findings, done, total }) {
    this.report = { findings, verdicts: [] };
    this.options.mark(this.here());
    this.render();
    const words = total ? `正在证明法定约束：${done} / ${total}` : '正在检查…';
    this.place.prepend(h('p', { class: 'zj-f-none', role: 'status' }, words), total ? h('progress', { class: 'zj-progress', max: total, value: done, 'aria-label': '证明进度' }) : '');
  }

  fail(words) {
    this.place.removeAttribute('aria-busy');
    this.place.replaceChildren(h('p', { class: 'zj-f-none' }, `没有检查成：${words}`));
  }

  /** Findings on this drawing, the worst first. */
  here() {
    return this.report.findings.filter((one) => !one.file || one.file === this.options.file);
  }

  render() {
    const { findings, verdicts, seconds, states, bound } = this.report;
    const here = this.here();
    const elsewhere = findings.filter((one) => !here.includes(one));
    const broken = verdicts.filter((one) => !one.outcome.startsWith('holds'));
    const proved = verdicts.filter((one) => one.outcome.startsWith('holds'));
    const parts = [];
    if (this.path) parts.push(this.steps());
    if (seconds !== undefined && !findings.length && !broken.length) parts.push(h('p', { class: 'zj-f-none zj-t-good' }, icon('circle-check'), '没有发现问题'));
    if (broken.length) parts.push(h('h3', {}, '法定次序'), h('ul', { class: 'zj-f-list' }, broken.map((one) => this.verdict(one))));
    if (here.length) parts.push(h('h3', {}, '这张图'), h('ul', { class: 'zj-f-list' }, here.map((one) => this.finding(one))));
    if (elsewhere.length) parts.push(h('h3', {}, '其他文件'), h('ul', { class: 'zj-f-list' }, elsewhere.map((one) => this.finding(one, true))));
    if (proved.length) parts.push(h('details', { class: 'zj-f-proved' }, h('summary', {}, `已证明的要求 ${proved.length} 条`), h('ul', {}, proved.map((one) => h('li', {}, one.ref && h('span', { class: 'zj-rule' }, one.ref), one.text, one.assumption && h('small', { class: 'zj-f-time' }, `（前提：${one.assumption}）`))))));
    if (seconds !== undefined) parts.push(h('p', { class: 'zj-f-time' }, `检查用时 ${seconds} 秒${bound ? `，看过 ${states.toLocaleString('zh-CN')} 种情形。每条要求最多看 ${bound.states.toLocaleString('zh-CN')} 种、全部最多 ${bound.seconds} 秒；看不完的算“没有证明出来”，不能发布。` : ''}`));
    this.place.replaceChildren(...parts);
  }

  finding(one, elsewhere = false) {
    const file = one.file && this.options.names[one.file];
    return h(
      'li',
      { class: `zj-f-item zj-t-${TONES[one.severity]}`, 'data-element': one.element || null, 'data-rule': one.rule },
      h('p', {}, h('span', { class: 'zj-tag' }, WORDS[one.severity]), elsewhere ? h('b', {}, `${file ?? one.file}：`) : null, one.message),
      h(
        'p',
        { class: 'zj-f-acts' },
        one.element || (elsewhere && file) ? h('button', { type: 'button', class: 'btn btn-sm', onclick: () => (elsewhere ? this.options.openFile(one.file, one.element) : this.options.goTo(one.element)) }, '定位') : null,
        one.fix && this.options.canMend() ? h('button', { type: 'button', class: 'btn btn-sm', onclick: () => this.options.mend(one) }, '修复') : null,
        one.path?.length ? h('button', { type: 'button', class: 'btn btn-sm', onclick: () => this.walk(one.path, one.message) }, '看路径') : null,
      ),
    );
  }

  verdict(one) {
    const [words, tone] = OUTCOMES[one.outcome] ?? [one.outcome, 'warn'];
    return h(
      'li',
      { class: `zj-f-item zj-t-${tone}`, 'data-verdict': one.id },
      h('p', {}, h('span', { class: 'zj-tag' }, words), one.ref && h('span', { class: 'zj-rule' }, one.ref), one.text),
      REPLAY[one.replay] ? h('p', { class: 'zj-f-time' }, REPLAY[one.replay]) : null,
      one.path?.length ? h('p', { class: 'zj-f-acts' }, h('button', { type: 'button', class: 'btn btn-sm', onclick: () => this.walk(one.path, one.text) }, '看违反的路径')) : null,
    );
  }

  /** Walk a path on the drawing, one step at a time. */
  walk(path, words) {
    const first = path.findIndex((step) => this.options.where(step).here);
    this.path = { path, words, at: Math.max(first, 0) };
    this.place.closest('[role="tabpanel"]')?.scrollTo(0, 0);
    this.step(0);
    this.place.querySelector('.zj-f-path')?.focus();
  }

  step(by) {
    const { path } = this.path;
    this.path.at = Math.min(Math.max(this.path.at + by, 0), path.length - 1);
    this.options.walk(path, this.path.at);
    this.render();
  }

  stop() {
    this.path = null;
    this.options.walk([], -1);
    this.render();
  }

  steps() {
    const { path, at, words } = this.path;
    const place = this.options.where(path[at]);
    const move = (by, label, name) => h('button', { type: 'button', class: 'btn btn-sm', disabled: at + by < 0 || at + by >= path.length, onclick: () => this.step(by), 'data-step': name }, label);
    return h(
      'section',
      { class: 'zj-f-path', tabindex: '-1', 'aria-label': '路径' },
      h('p', {}, words),
      h('p', { 'aria-live': 'polite' }, h('b', {}, `第 ${at + 1} 步，共 ${path.length} 步：`), place.words),
      h('p', { class: 'zj-f-acts' }, move(-1, '上一步', 'back'), move(1, '下一步', 'next'), place.url && h('a', { class: 'btn btn-sm', href: place.url }, `看“${place.diagram}”图`), h('button', { type: 'button', class: 'btn btn-sm', onclick: () => this.stop() }, '关闭路径')),
    );
  }
}
