// Drafts: kept on the server 1.5 s after the last change; one is warned before leaving with unsaved words.
const PAUSE = 1500;

// the server says when: a moment, or the time as people read it
const clockOf = (moment) =>
  /^\d\d:\d\d$/.test(moment) ? moment : timeOf(moment ? new Date(moment) : new Date());

const timeOf = (moment) =>
  new Intl.DateTimeFormat('zh-CN', { hour: '2-digit', minute: '2-digit', hour12: false, timeZone: 'Asia/Shanghai' }).format(
    moment,
  );

export function installDraft(form) {
  const url = form.dataset.draftUrl;
  const place = form.querySelector('[data-saved]');
  const button = form.querySelector('button[type=submit][data-busy]');
  let timer = 0;
  let unsaved = false;
  let leaving = false;
  let version = 0;

  const say = (text, bad = false) => {
    if (!place) return;
    place.textContent = text;
    place.classList.toggle('zj-saved-bad', bad);
  };

  async function save() {
    const mine = version;
    try {
      const answer = await fetch(url, {
        method: 'POST',
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: 'application/json', 'X-CSRFToken': form.elements.csrf_token?.value ?? '' },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const { saved_at: at } = await answer.json().catch(() => ({}));
      if (mine === version) unsaved = false;
      say(`已保存 ${clockOf(at)}`);
    } catch {
      say('草稿没有保存成功，请检查网络。已填内容仍在本页。', true);
    }
  }

  const changed = () => {
    unsaved = true;
    version += 1;
    if (!url) return;
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  };
  form.addEventListener('input', changed);
  form.addEventListener('change', changed);

  form.addEventListener('submit', (event) => {
    if (form.querySelector('[data-file][data-busy]')) {
      event.preventDefault();
      say('附件还在上传，请稍候再提交。', true);
      return;
    }
    if (leaving) {
      event.preventDefault(); // a second click
      return;
    }
    leaving = true;
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
}
