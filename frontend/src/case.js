// The page of a case: parts that fold on a phone, contents that show where one is, the answer to “why can't I”.
import './styles/story.css';
import { installReader } from './lib/reader.js';

const phone = window.matchMedia('(width <= 820px)').matches;
const parts = [...document.querySelectorAll('[data-sec]')];
const links = [...document.querySelectorAll('.zj-onpage a')];

function reveal() {
  const target = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
  const part = target?.closest('[data-sec]');
  if (!part || part.open) return;
  part.open = true;
  target.scrollIntoView();
}

// Links from outside lead into a part that is still folded.
if (phone) for (const part of parts.slice(1)) part.open = false;
reveal();
window.addEventListener('hashchange', reveal);
for (const link of links) {
  link.addEventListener('click', () => {
    const part = document.querySelector(link.hash);
    if (part?.matches('[data-sec]')) part.open = true;
  });
}

// On paper everything is told.
window.addEventListener('beforeprint', () => {
  for (const part of parts) {
    part.dataset.was = part.open ? '1' : '';
    part.open = true;
  }
});
window.addEventListener('afterprint', () => {
  for (const part of parts) part.open = part.dataset.was === '1';
});

function here() {
  let current = links[0];
  for (const link of links) {
    if (document.querySelector(link.hash)?.getBoundingClientRect().top < 190) current = link;
  }
  if (window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 4) current = links.at(-1);
  for (const link of links) link.toggleAttribute('aria-current', link === current);
}
if (links.length) {
  let waiting = false;
  document.addEventListener(
    'scroll',
    () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        here();
      });
    },
    { passive: true },
  );
  here();
}

installReader(document.querySelector('[data-reader]'), { stay: true });

// Without this script the link opens a page that says the same.
for (const link of document.querySelectorAll('[data-why]')) {
  link.addEventListener('click', async (event) => {
    event.preventDefault();
    const answer = await fetch(link.href, { headers: { 'HX-Request': 'true' } }).catch(() => null);
    if (!answer?.ok) {
      window.location.assign(link.href);
      return;
    }
    const box = document.getElementById('zj-why');
    box.querySelector('[data-why-body]').innerHTML = await answer.text();
    box.showModal();
  });
}
