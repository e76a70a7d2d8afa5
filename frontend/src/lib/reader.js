// Papers beside the form: PDFs and pictures open in a pane on a wide screen, on a page of their own on a phone.
const WIDE = '(min-width: 1200px)';

export function installReader(pane) {
  if (!pane) return;
  const place = pane.querySelector('[data-reader-body]');
  const title = pane.querySelector('[data-reader-title]');
  const whole = pane.querySelector('[data-reader-whole]');
  const page = pane.parentElement;
  let opener = null;

  function show(link) {
    opener = link;
    const picture = link.dataset.paper === 'picture';
    const view = document.createElement(picture ? 'img' : 'iframe');
    view.src = picture ? link.dataset.src : `${link.dataset.src}#navpanes=0&view=FitH`;
    if (picture) view.alt = link.textContent.trim();
    else view.title = link.textContent.trim();
    place.replaceChildren(view);
    title.textContent = link.textContent.trim();
    whole.href = link.dataset.src;
    pane.hidden = false;
    page.classList.add('zj-reading');
    page.scrollIntoView({ block: 'start' });
    title.focus({ preventScroll: true });
  }

  function close() {
    pane.hidden = true;
    page.classList.remove('zj-reading');
    place.replaceChildren();
    opener?.focus();
  }

  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-paper]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !matchMedia(WIDE).matches) return;
    event.preventDefault();
    show(link);
  });
  pane.querySelector('[data-reader-close]').addEventListener('click', close);
  pane.addEventListener('keydown', (event) => event.key === 'Escape' && close());
}
