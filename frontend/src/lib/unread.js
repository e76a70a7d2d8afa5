// The number at the bell stays true on a page that stays open: asked for quietly while the page is looked at.
import { toast } from './toast.js';

const EVERY = 20000;

export function installUnread() {
  const bell = document.querySelector('[data-unread]');
  if (!bell) return;
  let known = Number(bell.dataset.newest || 0);
  let timer = 0;

  function show(count) {
    bell.dataset.unread = count;
    bell.setAttribute('aria-label', count ? `消息，${count} 条未读` : '消息');
    const dot = bell.querySelector('.zj-unread-n');
    dot.textContent = count > 99 ? '99+' : count;
    dot.hidden = !count;
  }

  async function ask() {
    try {
      const answer = await fetch('/messages/unread', { headers: { Accept: 'application/json' } });
      if (answer.status === 401) return; // signed out: the next page says so
      if (answer.ok) {
        const { unread, newest } = await answer.json();
        show(unread);
        if (newest && newest.id > known) {
          known = newest.id;
          toast(`新消息：${newest.title}`);
        }
      }
    } catch {
      // no network now: asked again soon
    }
    plan();
  }

  function plan() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, EVERY);
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : ask()));
  plan();
}
