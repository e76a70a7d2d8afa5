// Drafts: kept in this browser at once and on the server 1.5 s after the last change; what was lost comes back.
import { forget, keep, kept, pairsOf, pairsToKeep, person } from './local.js';
import { refresh, sessionEnded } from './session.js';

const PAUSE = 1500;
const AGAIN = [5000, 15000, 30000, 60000];

const timeOf = (moment) =>
  new Intl.DateTimeFormat('zh-CN', { hour: '2-digit', minute: '2-digit', hour12: false, timeZone: 'Asia/Shanghai' }).format(
    moment,
  );
// the server says when: a moment, or the time as people read it
const clockOf = (moment) =>
  /^\d\d:\d\d$/.test(moment) ? moment : timeOf(moment ? new Date(moment) : new Date());

async function post(url, form, pairs) {
  const body = new URLSearchParams(pairs);
  body.set('csrf_token', form.elements.csrf_token?.value ?? '');
  return fetch(url, {
    method: 'POST',
    body,
    headers: { Accept: 'application/json', 'X-CSRFToken': form.elements.csrf_token?.value ?? '' },
  });
}

// what this browser kept and the server does not have; answers true when the page is about to show it again
async function bringBack(form, url, say) {
  const copy = kept(form);
  if (!copy) return false;
  if (form.hasAttribute('data-taken') || JSON.stringify(copy.pairs) === JSON.stringify(pairsToKeep(form))) {
    forget(form);
    return false;
  }
  if (url) {
    const answer = await post(url, form, copy.pairs).catch(() => null);
    if (!answer?.ok) {
      say('上次填写的内容保存在本机，暂时不能恢复，请检查网络后刷新页面。', true);
      return false;
    }
    forget(form);
    location.replace(location.href);
    return true;
  }
  offer(form, copy);
  return false;
}

function offer(form, copy) {
  const bar = document.createElement('div');
  bar.className = 'zj-note zj-t-brand zj-bringback';
  bar.setAttribute('role', 'status');
  const words = document.createElement('div');
  words.textContent = `上次（${timeOf(new Date(copy.at))}）填写的内容还没有提交。`;
  const button = (text, run, css) => {
    const made = Object.assign(document.createElement('button'), { type: 'button', className: css, textContent: text });
    made.addEventListener('click', run);
    return made;
  };
  const restore = () => {
    const sender = document.createElement('form');
    sender.method = 'post';
    sender.hidden = true;
    const own = ['csrf_token', 'idempotency_key'].map((name) => [name, form.elements[name]?.value ?? '']);
    for (const [name, value] of [...own, ['restore', '1'], ...copy.pairs]) {
      sender.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
    }
    document.body.append(sender);
    sender.submit();
  };
  const drop = () => {
    forget(form);
    bar.remove();
  };
  bar.append(words, button('恢复这些内容', restore, 'btn btn-primary'), button('不要了', drop, 'btn'));
  form.before(bar);
}

export function installDraft(form) {
  const url = form.dataset.draftUrl;
  const comesBack = Boolean(url) || form.hasAttribute('data-restorable'); // else keeping it would promise too much
  const place = form.querySelector('[data-saved]');
  const visitor = !person();
  const button = form.querySelector('button[type=submit][data-busy]');
  let timer = 0;
  let tries = 0;
  let unsaved = false; // neither the server nor this browser has it
  let pending = false; // the server does not have it yet
  let leaving = false;
  let version = 0;

  const say = (text, bad = false) => {
    if (!place) return;
    place.textContent = text;
    place.classList.toggle('zj-saved-bad', bad);
  };
  const keepHere = () => {
    unsaved = !comesBack || !keep(form);
    return unsaved ? '，请不要关闭页面' : '，已保存在本机';
  };

  async function save() {
    const mine = version;
    clearTimeout(timer);
    try {
      let answer = await post(url, form, pairsOf(form));
      // a token of an earlier session: signed in again in another tab
      if (answer.status === 400 && (await refresh())) answer = await post(url, form, pairsOf(form));
      if (answer.status === 401) {
        say(`登录已到期${keepHere()}。`, true);
        sessionEnded();
        return;
      }
      if (answer.status >= 400 && answer.status < 500) {
        const { detail } = await answer.json().catch(() => ({}));
        say(`${detail ?? '草稿没有保存成功。'}您填写的内容仍在本页，可以复制。`, true);
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const { saved_at: at } = await answer.json().catch(() => ({}));
      tries = 0;
      if (mine === version) {
        unsaved = pending = false;
        forget(form);
      }
      say(`已保存 ${clockOf(at)}`);
    } catch {
      const wait = AGAIN[Math.min(tries, AGAIN.length - 1)];
      tries += 1;
      timer = setTimeout(save, wait);
      say(`没有连上服务器${keepHere()}，${wait / 1000} 秒后自动重试。`, true);
    }
  }

  // on a computer for everybody one leaves nothing behind
  let clear = null;
  const offerToClear = () => {
    if (clear || !place) return;
    clear = Object.assign(document.createElement('button'), { type: 'button', className: 'btn btn-sm', textContent: '清除' });
    clear.addEventListener('click', () => {
      forget(form);
      location.assign(location.pathname + location.search);
    });
    place.after(clear);
  };

  const changed = () => {
    version += 1;
    pending = true;
    keepHere();
    if (url) {
      clearTimeout(timer);
      timer = setTimeout(save, PAUSE);
    } else if (!unsaved) {
      say(`已保存在本机 ${timeOf(new Date())}${visitor ? '，两小时内有效' : ''}`);
      if (visitor) offerToClear();
    }
  };
  form.addEventListener('input', changed);
  form.addEventListener('change', changed);
  window.addEventListener('online', () => url && pending && save());

  form.addEventListener('submit', (event) => {
    const stop = form.querySelector('[data-file][data-busy]')
      ? '附件还在上传，请稍候再提交。'
      : !navigator.onLine && `网络不通，现在不能提交${keepHere()}，恢复后再提交。`;
    if (stop) {
      event.preventDefault();
      say(stop, true);
      return;
    }
    if (leaving) {
      event.preventDefault(); // a second click
      return;
    }
    leaving = true;
    if (comesBack) keep(form, { sent: true });
    clearTimeout(timer);
    if (button) {
      button.dataset.words = button.textContent;
      button.textContent = button.dataset.busy;
      button.setAttribute('aria-disabled', 'true');
    }
  });
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted || !button?.dataset.words) return;
    leaving = false;
    button.textContent = button.dataset.words;
    button.removeAttribute('aria-disabled');
  });
  window.addEventListener('beforeunload', (event) => {
    if (unsaved && !leaving) event.preventDefault();
  });
  if (form.hasAttribute('data-refused')) changed(); // what came back is nowhere else
  else if (comesBack) bringBack(form, url, say);
}
