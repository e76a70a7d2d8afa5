// On every page: menu, partial updates, messages, questions before an act.
import './styles/app.css';
import htmx from 'htmx.org';
import { installMenus } from './lib/menu.js';
import { installConfirm } from './lib/confirm.js';
import { installSession } from './lib/session.js';
import { installSearch } from './lib/search.js';
import { toast } from './lib/toast.js';
import { installHelp } from './lib/help.js';
import { installUnread } from './lib/unread.js';

window.htmx = htmx;

document.addEventListener('htmx:configRequest', (event) => {
  if (event.detail.verb === 'get') return;
  event.detail.headers['X-CSRFToken'] = document.querySelector('meta[name="csrf-token"]')?.content ?? '';
});

document.addEventListener('htmx:responseError', (event) => {
  let words = '操作没有成功，请刷新页面后重试。';
  try {
    words = JSON.parse(event.detail.xhr.responseText).detail ?? words;
  } catch {
    // the answer was a page, not a message: the plain words above do
  }
  toast(words, 'bad');
});

document.addEventListener('htmx:sendError', () => toast('网络不通，请检查网络后重试。', 'bad'));

document.addEventListener('click', (event) => {
  const dismiss = event.target.closest('[data-dismiss]');
  if (dismiss) dismiss.parentElement.remove();
  const back = event.target.closest('[data-back]');
  if (back && history.length > 1) {
    event.preventDefault();
    history.back();
  }
  if (event.target.closest('[data-print]')) window.print();
  for (const open of document.querySelectorAll('details.zj-me[open]')) {
    if (!open.contains(event.target)) open.open = false;
  }
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const open of document.querySelectorAll('details.zj-me[open]')) {
    open.open = false;
    open.querySelector('summary').focus();
  }
});

installMenus();
installConfirm();
installSession();
installSearch();
installUnread();
installHelp();
