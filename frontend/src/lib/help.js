// The question mark opens this page's help in place; without this script it is a link to a page.
export function installHelp() {
  document.addEventListener('click', async (event) => {
    const link = event.target.closest('[data-help]');
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const dialog = document.getElementById('zj-help');
    try {
      const answer = await fetch(`${link.href}?fragment=1`);
      if (!answer.ok) throw new Error(String(answer.status));
      dialog.querySelector('[data-help-text]').innerHTML = await answer.text(); // our own page's words
      dialog.showModal();
    } catch {
      location.assign(link.href);
    }
  });
  installTour();
}

// A first day's walk around the desk: one thing at a time, by keyboard too, ended at any moment.
const STOPS = [
  ['.zj-kpis', '先看这里', '需要您办理的有几项、超时的有几项，点数字就能筛选。'],
  ['.zj-filters', '找一件事', '按期限、阶段筛选，或输入项目名称、编号、拼音首字母。'],
  ['.zj-tasks, .zj-table, .zj-empty', '待办事项', '最急的排在前面。点“去办理”打开，填好提交后自动打开下一项。'],
  ['[data-unread]', '消息', '新的待办、催办、退回都会提醒，右上角的数字会自己更新。'],
  ['[data-help]', '随时求助', '每一页都有自己的帮助，点这个问号。'],
];

function installTour() {
  const start = document.querySelector('[data-tour]');
  if (!start) return;
  const dialog = document.getElementById('zj-tour');
  let at = 0;
  const marked = () => document.querySelectorAll('.zj-tour-here').forEach((one) => one.classList.remove('zj-tour-here'));
  const shown = STOPS.filter(([where]) => document.querySelector(where));

  function show() {
    const [where, title, text] = shown[at];
    marked();
    const place = document.querySelector(where);
    place.classList.add('zj-tour-here');
    place.scrollIntoView({ block: 'nearest' });
    dialog.querySelector('h2').textContent = `${at + 1}/${shown.length} ${title}`;
    dialog.querySelector('p').textContent = text;
    dialog.querySelector('[data-tour-next]').textContent = at === shown.length - 1 ? '完成' : '下一步';
    if (!dialog.open) dialog.show();
    dialog.querySelector('[data-tour-next]').focus();
  }

  function end() {
    marked();
    dialog.close();
    start.closest('[data-tour-offer]').querySelector('form').requestSubmit();
  }

  start.addEventListener('click', () => {
    at = 0;
    show();
  });
  dialog.querySelector('[data-tour-next]').addEventListener('click', () => {
    at += 1;
    if (at >= shown.length) end();
    else show();
  });
  dialog.querySelector('[data-tour-end]').addEventListener('click', end);
  dialog.addEventListener('keydown', (event) => event.key === 'Escape' && end());
}
