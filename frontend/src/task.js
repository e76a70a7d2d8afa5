// One step by keyboard, and its papers beside the form.
import { focusSearch, installKeys } from './lib/keys.js';
import { neighbour } from './lib/trail.js';
import { installReader } from './lib/reader.js';
import { toast } from './lib/toast.js';

const form = document.getElementById('task-form');
const submit = form?.querySelector('.zj-formbar [type=submit]');
const WAYS_BACK = ['return', 'disagree', 'amend', 'rectify'];

const walk = (step) => {
  const address = neighbour(step);
  if (address) location.assign(address);
  else toast(step > 0 ? '这是列表的最后一项。' : '这是列表的第一项。');
};

// the choices of a decision: cards to press, or the entries of a list
const decisions = () =>
  [...(form?.querySelectorAll('input[type=radio][name=decision], select[name=decision] option') ?? [])].filter((one) => one.value);

const wordsOf = (choice) => (choice.closest('label') ?? choice).textContent.trim();

function pick(choice) {
  if (choice.matches('option')) choice.selected = true;
  else choice.checked = true;
  (choice.closest('select') ?? choice).dispatchEvent(new Event('change', { bubbles: true }));
}

// what still has to be filled in before the form can be sent
function missing() {
  for (const field of form.querySelectorAll('.zj-field:not([hidden])')) {
    if (!field.querySelector('.zj-star')) continue;
    const controls = [...field.querySelectorAll('input:not([type=hidden]):not([type=file]), select, textarea')];
    const given = controls.some((one) => (['radio', 'checkbox'].includes(one.type) ? one.checked : one.value.trim()));
    if (controls.length && !given) return controls[0];
  }
  return null;
}

function agree() {
  if (!form) return;
  const [first] = decisions();
  if (first) pick(first);
  const next = missing();
  (next ?? submit).focus();
  const chosen = first ? `已选“${wordsOf(first)}”` : '';
  toast(next ? `${chosen}${chosen ? '，' : ''}还有必填的内容。` : `${chosen}${chosen ? '，' : ''}按回车提交。`);
}

function sendBack() {
  const choice = WAYS_BACK.map((value) => decisions().find((one) => one.value === value)).find(Boolean);
  if (choice) {
    pick(choice);
    (form.querySelector('.zj-field:not([hidden]) textarea') ?? submit).focus();
    toast(`已选“${wordsOf(choice)}”，请写明原因。`);
    return;
  }
  const way = document.querySelector('main a[href*="/send-back"]');
  if (way) location.assign(way.href);
  else toast('这一步不能退回。');
}

function transfer() {
  const way = document.querySelector('main a[href*="/transfer"]');
  if (way) location.assign(way.href);
  else toast('这一步不能转办。');
}

installReader(document.querySelector('[data-reader]'));
installKeys([
  { key: 'A', code: 'KeyA', words: '选“同意”并停在提交按钮上，再按回车提交', run: agree },
  { key: 'R', code: 'KeyR', words: '退回：选“退回”并填写原因', run: sendBack },
  { key: 'T', code: 'KeyT', words: '转办给同事', run: transfer },
  { key: 'J', code: 'KeyJ', words: '不办这一项，看下一项', run: () => walk(1) },
  { key: 'K', code: 'KeyK', words: '看上一项', run: () => walk(-1) },
  { key: '/', words: '查找', run: focusSearch },
]);

const wish = new URLSearchParams(location.search).get('do');
if (wish === 'agree') agree();
else if (wish === 'return') sendBack();
