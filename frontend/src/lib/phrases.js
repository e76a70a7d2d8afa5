// One's own stock phrases (常用意见), put in where one writes an opinion.
import { toast } from './toast.js';

const URL = '/desk/phrases.json';
const WRITTEN = 'textarea[name=opinion], textarea[name=reason], textarea[name=words], textarea[data-phrases]';

export function installPhrases(form) {
  if (!document.querySelector('meta[name="zj-person"]')) return;
  if (location.pathname.startsWith('/admin')) return; // the reason of an administrator's act is no opinion on a case
  for (const box of form.querySelectorAll(WRITTEN)) offer(box);
}

function insert(box, text) {
  const [from, to] = [box.selectionStart, box.selectionEnd];
  const room = box.maxLength > 0 ? box.maxLength - (box.value.length - (to - from)) : text.length;
  box.setRangeText(text.slice(0, Math.max(0, room)), from, to, 'end');
  box.dispatchEvent(new Event('input', { bubbles: true }));
  box.focus();
}

function offer(box) {
  const menu = document.createElement('details');
  menu.className = 'zj-me zj-menu zj-phrasebar';
  menu.innerHTML = '<summary class="btn btn-sm">常用意见</summary><div class="zj-me-menu" data-list></div>';
  const list = menu.querySelector('[data-list]');
  const close = () => {
    menu.open = false;
  };

  const entry = (text, run) => {
    const made = Object.assign(document.createElement('button'), { type: 'button', textContent: text });
    made.addEventListener('click', run);
    return made;
  };
  const fill = (phrases) => {
    list.replaceChildren(
      ...phrases.map((text) =>
        entry(text, () => {
          insert(box, text);
          close();
        }),
      ),
    );
    if (!phrases.length) list.append(Object.assign(document.createElement('p'), { textContent: '还没有常用意见。' }));
    list.append(document.createElement('hr'), entry('把已写的存为常用意见', store));
    list.append(Object.assign(document.createElement('a'), { href: '/desk/phrases', target: '_blank', rel: 'noopener', textContent: '管理常用意见' }));
  };

  async function store() {
    const answer = await fetch('/desk/phrases', {
      method: 'POST',
      body: new URLSearchParams({ text: box.value }),
      headers: { Accept: 'application/json', 'X-CSRFToken': box.form.elements.csrf_token.value },
    }).catch(() => null);
    const { phrases, detail } = (await answer?.json().catch(() => ({}))) ?? {};
    if (phrases) {
      fill(phrases);
      toast('已存为常用意见。');
    } else toast(detail ?? '没有保存成功，请检查网络后重试。', 'bad');
    close();
    box.focus();
  }

  menu.addEventListener('toggle', async () => {
    if (!menu.open) return;
    const answer = await fetch(URL, { headers: { Accept: 'application/json' } }).catch(() => null);
    const { phrases = [] } = (await answer?.json().catch(() => ({}))) ?? {};
    fill(phrases);
    list.querySelector('button, a')?.focus();
  });
  box.closest('.zj-field').append(menu);
}
