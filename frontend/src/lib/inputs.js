// Single controls: amounts grouped and spelled out, characters counted.
import { formatFen, inWan, parseFen } from './fen.js';

export function installAmounts(form) {
  const spell = (input) => {
    const fen = parseFen(input.value);
    const place = input.closest('.zj-field')?.querySelector('.zj-wan');
    if (place) place.textContent = typeof fen === 'bigint' ? inWan(fen) : '';
  };
  for (const input of form.querySelectorAll('.zj-unit > [data-fen]')) {
    if (input.closest('[data-row]')) continue;
    const place = document.createElement('div');
    place.className = 'zj-wan';
    input.parentElement.after(place);
    spell(input);
  }
  form.addEventListener('input', (event) => event.target.matches('[data-fen]') && spell(event.target));
  form.addEventListener('focusout', (event) => {
    const input = event.target;
    if (!input.matches?.('[data-fen]')) return;
    const fen = parseFen(input.value);
    if (typeof fen === 'bigint') input.value = formatFen(fen);
  });
}

export function installCounters(form) {
  for (const input of form.querySelectorAll('[data-count]')) {
    const place = document.createElement('div');
    place.className = 'zj-chars zj-num';
    input.after(place);
    const show = () => {
      const used = [...input.value].length;
      place.textContent = `${used} / ${input.maxLength} 字`;
      place.classList.toggle('zj-near', used > input.maxLength * 0.9);
    };
    input.addEventListener('input', show);
    show();
  }
}
