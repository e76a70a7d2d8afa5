// Papers beside the form or the story of a case: PDFs and pictures open in a pane on a wide screen, on a page of
// their own on a phone. Several are read one after another.
const WIDE = '(min-width: 1200px)';

export function installReader(pane, { stay = false } = {}) {
  if (!pane) return;
  const place = pane.querySelector('[data-reader-body]');
  const title = pane.querySelector('[data-reader-title]');
  const whole = pane.querySelector('[data-reader-whole]');
  const page = pane.parentElement;
  const steps = pane.querySelector('[data-reader-steps]');
  const count = pane.querySelector('[data-reader-place]');
  let opener = null;

  // One paper may be named in several places of a page: it counts once.
  const papers = () => {
    const seen = new Map();
    for (const link of document.querySelectorAll('a[data-paper]')) if (!seen.has(link.dataset.src)) seen.set(link.dataset.src, link);
    return [...seen.values()];
  };
  const placeOf = (all, link) => all.findIndex((one) => one.dataset.src === link.dataset.src);

  function show(link) {
    opener?.removeAttribute('aria-current');
    opener = link;
    opener.setAttribute('aria-current', 'true');
    const all = papers();
    steps.hidden = all.length < 2;
    count.textContent = `${placeOf(all, link) + 1} / ${all.length}`;
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
    // What was being read stays where one left it: the page is narrower now, so it has moved.
    if (stay) link.scrollIntoView({ block: 'center' });
    else page.scrollIntoView({ block: 'start' });
    title.focus({ preventScroll: true });
  }

  function close() {
    pane.hidden = true;
    page.classList.remove('zj-reading');
    place.replaceChildren();
    opener?.removeAttribute('aria-current');
    opener?.focus();
    if (stay) opener?.scrollIntoView({ block: 'center' });
  }

  function step(by) {
    const all = papers();
    const next = all[(placeOf(all, opener) + by + all.length) % all.length];
    next.closest('details:not([open])')?.setAttribute('open', '');
    show(next);
  }

  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-paper]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !matchMedia(WIDE).matches) return;
    event.preventDefault();
    show(link);
  });
  pane.querySelector('[data-reader-close]').addEventListener('click', close);
  for (const button of pane.querySelectorAll('[data-reader-step]')) {
    button.addEventListener('click', () => {
      step(Number(button.dataset.readerStep));
      button.focus({ preventScroll: true });
    });
  }
  pane.addEventListener('keydown', (event) => event.key === 'Escape' && close());
}
