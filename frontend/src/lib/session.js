// The session and the connection, watched: one is told before the one ends and when the other is lost.
import { forgetAll, person, tidy } from './local.js';

const WARN = 10 * 60 * 1000;
let bar = null;

const again = () => `/login?again=1&next=${encodeURIComponent(location.pathname + location.search)}`;

// tone: warn or bad; link: [words, address]
function tell(key, words, link = null) {
  bar?.remove();
  bar = document.createElement('div');
  bar.className = 'zj-bar-alert';
  bar.dataset.about = key;
  bar.setAttribute('role', 'alert');
  bar.append(Object.assign(document.createElement('span'), { textContent: words }));
  if (link) bar.append(Object.assign(document.createElement('a'), { className: 'btn', textContent: link[0], href: link[1] }));
  document.body.append(bar);
}

function hush(key) {
  if (bar?.dataset.about !== key) return;
  bar.remove();
  bar = null;
}

export function sessionEnded() {
  tell('session', '登录已到期。您填写的内容已经保存，重新登录后回到本页继续。', ['重新登录', again()]);
}

// who is signed in now; a fresh token for the forms of this page when it is still the same person
export async function refresh() {
  const answer = await fetch('/session', { headers: { Accept: 'application/json' } });
  if (!answer.ok) return null;
  const now = await answer.json();
  if (String(now.person ?? '') !== person()) {
    if (now.person === null) sessionEnded();
    else tell('session', '这个浏览器已换成别人登录。您填写的内容已经保存，请重新登录后继续。', ['重新登录', again()]);
    return null;
  }
  hush('session');
  for (const input of document.querySelectorAll('input[name=csrf_token]')) input.value = now.csrf;
  const meta = document.querySelector('meta[name="csrf-token"]');
  if (meta) meta.content = now.csrf;
  schedule(now.seconds);
  return now;
}

let timer = 0;
function schedule(seconds) {
  clearTimeout(timer);
  const left = seconds * 1000;
  const warn = () => {
    const minutes = Math.max(1, Math.round((left - waited()) / 60000));
    tell('session', `登录将在 ${minutes} 分钟后到期。您填写的内容会自动保存；现在重新登录，可以接着办理。`, ['重新登录', again()]);
    timer = setTimeout(sessionEnded, Math.max(0, left - waited()));
  };
  const began = Date.now();
  const waited = () => Date.now() - began;
  if (left <= 0) sessionEnded();
  else timer = setTimeout(warn, Math.max(0, left - WARN));
}

export function installSession() {
  tidy();
  const lost = () => tell('network', '网络已断开。您填写的内容保存在本机，恢复后自动保存；请先不要关闭页面。');
  window.addEventListener('offline', lost);
  window.addEventListener('online', () => hush('network'));
  if (!navigator.onLine) lost();
  if (!person()) return;
  schedule(Number(document.querySelector('meta[name="zj-session"]')?.content ?? 36000));
  document.addEventListener('visibilitychange', () => {
    // after sleep, or another tab: a server that cannot be reached now is told when something is saved
    if (document.visibilityState === 'visible') refresh().catch(() => {});
  });
  for (const form of document.querySelectorAll('form[action$="/logout"]')) form.addEventListener('submit', forgetAll);
}
