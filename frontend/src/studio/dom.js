// Small pieces of a page made by hand: elements, icons, page data, requests.

/** An element: h('button', { class: 'btn', onclick: act, disabled: false }, '保存'). */
export function h(tag, attrs = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name in made && ['value', 'checked', 'disabled', 'hidden', 'selected', 'readOnly'].includes(name)) made[name] = value;
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A drawing of the page's icon sprite; words must stand beside it. */
export function icon(name) {
  const sprite = document.querySelector('svg.zj-icon use')?.getAttribute('href')?.split('#')[0] ?? '';
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  svg.setAttribute('class', 'zj-icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  use.setAttribute('href', `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/** What the server tells this island. */
export function pageData(id = 'island-data') {
  return JSON.parse(document.getElementById(id).textContent);
}

const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? '';

/** A request with the page's protection; a body that is no text is sent as JSON. */
export function send(url, { method = 'POST', body, headers = {}, ...rest } = {}) {
  const json = body !== undefined && typeof body !== 'string';
  return fetch(url, {
    method,
    body: json ? JSON.stringify(body) : body,
    headers: { Accept: 'application/json', 'X-CSRFToken': token(), ...(json ? { 'Content-Type': 'application/json' } : {}), ...headers },
    ...rest,
  });
}

/** The words of a refusal, or plain ones when the answer holds none. */
export async function reason(response) {
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? '操作没有成功，请刷新页面后重试。';
}

let last = 0;

/** An id for a label and its field. */
export function freshId(prefix = 'zj-e') {
  last += 1;
  return `${prefix}-${last}`;
}

/** Run `act` when nothing more has happened for `ms`; `.now()` runs it at once if it was waiting. */
export function pausing(act, ms) {
  let timer = 0;
  let given = [];
  const later = (...values) => {
    clearTimeout(timer);
    given = values;
    timer = setTimeout(later.now, ms);
  };
  later.now = () => {
    const waiting = timer !== 0;
    clearTimeout(timer);
    timer = 0;
    return waiting ? act(...given) : undefined;
  };
  return later;
}

/** 10:32, as an office clock shows it. */
export function clock(moment = new Date()) {
  return new Intl.DateTimeFormat('zh-CN', { hour: '2-digit', minute: '2-digit', hour12: false, timeZone: 'Asia/Shanghai' }).format(moment);
}
