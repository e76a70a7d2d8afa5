// The to-do list by keyboard: J and K walk, Enter opens, A agrees, R sends back, X chooses, B decides together.
import { focusSearch, installKeys } from './lib/keys.js';
import { keepTrail } from './lib/trail.js';

const items = [...document.querySelectorAll('[data-item]')];
const links = items.map((item) => item.querySelector('[data-open]'));
keepTrail(links);
let at = -1;

function go(to) {
  if (!links.length) return;
  at = Math.min(Math.max(to, 0), links.length - 1);
  links[at].focus();
  items[at].scrollIntoView({ block: 'nearest' });
}

items.forEach((item, number) => {
  item.addEventListener('focusin', () => {
    items[at]?.classList.remove('zj-current');
    at = number;
    item.classList.add('zj-current');
  });
});

const open = (more) => {
  if (at < 0) go(0);
  if (links[at]) location.assign(`${links[at].href}${more}`);
};

function choose() {
  const box = items[at]?.querySelector('input[name=task]');
  if (!box || box.disabled) return;
  box.checked = !box.checked;
  box.dispatchEvent(new Event('change', { bubbles: true }));
}

// only steps of one kind can be decided together: the first choice rules out the others
function installBatch(form) {
  const boxes = [...form.querySelectorAll('input[name=task]')];
  const button = form.querySelector('[data-batchbar] button');
  const words = form.querySelector('[data-chosen]');
  if (!button) return;
  const hint = words.textContent;
  const show = () => {
    const chosen = boxes.filter((box) => box.checked);
    const kind = chosen[0]?.dataset.kind;
    for (const box of boxes) box.disabled = kind !== undefined && box.dataset.kind !== kind;
    button.disabled = chosen.length === 0;
    const rest = boxes.filter((box) => box.dataset.kind === kind && !box.checked).length;
    words.textContent = chosen.length ? `已勾选 ${chosen.length} 项${rest ? `，本页还有 ${rest} 项是同一步骤` : ''}` : hint;
    all.hidden = !rest;
  };
  const all = Object.assign(document.createElement('button'), { type: 'button', className: 'btn', textContent: '勾选本页全部同一步骤' });
  all.addEventListener('click', () => {
    const kind = boxes.find((box) => box.checked)?.dataset.kind;
    for (const box of boxes) if (box.dataset.kind === kind) box.checked = true;
    show();
    button.focus();
  });
  button.after(all);
  form.addEventListener('change', show);
  window.addEventListener('pageshow', show);
  show();
}

const batch = document.querySelector('[data-batch]');
if (batch) installBatch(batch);

installKeys([
  { key: 'J', code: 'KeyJ', words: '下一项', run: () => go(at + 1) },
  { key: 'K', code: 'KeyK', words: '上一项', run: () => go(at - 1) },
  { key: '回车', words: '打开这一项' },
  { key: 'A', code: 'KeyA', words: '打开并选“同意”，再按回车提交', run: () => open('&do=agree') },
  { key: 'R', code: 'KeyR', words: '打开并准备退回', run: () => open('&do=return') },
  { key: 'X', code: 'KeyX', words: '勾选这一项（可以一并办理的）', run: choose },
  { key: 'B', code: 'KeyB', words: '一并办理勾选的事项', run: () => batch?.querySelector('[data-batchbar] button:enabled')?.click() },
  { key: '/', words: '查找', run: focusSearch },
]);
