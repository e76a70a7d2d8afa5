// Menus that slide in on a phone: the button names the panel by data-menu.
export function installMenus() {
  const scrim = document.querySelector('[data-scrim]');
  let opener = null;

  const panelOf = (button) => document.getElementById(button.dataset.menu);

  function close() {
    if (!opener) return;
    panelOf(opener).classList.remove('zj-open');
    for (const button of document.querySelectorAll('[data-menu]')) button.setAttribute('aria-expanded', 'false');
    if (scrim) scrim.hidden = true;
    opener.focus();
    opener = null;
  }

  function open(button) {
    opener = button;
    const panel = panelOf(button);
    panel.classList.add('zj-open');
    button.setAttribute('aria-expanded', 'true');
    if (scrim) scrim.hidden = false;
    panel.querySelector('a')?.focus();
  }

  for (const button of document.querySelectorAll('[data-menu]')) {
    button.addEventListener('click', () => {
      const again = opener === button;
      close();
      if (!again) open(button);
    });
  }
  scrim?.addEventListener('click', close);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    if (event.key !== 'Tab' || !opener) return;
    const stops = [...panelOf(opener).querySelectorAll('a, button')];
    const [first, last] = [stops[0], stops[stops.length - 1]];
    if (event.shiftKey ? document.activeElement === first : document.activeElement === last) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  });
}
