// A short message at the edge of the page; read out by screen readers through the live region.
export function toast(text, tone = 'brand') {
  const place = document.getElementById('zj-toasts');
  const note = document.createElement('div');
  note.className = `zj-toast zj-t-${tone}`;
  note.textContent = text;
  place.append(note);
  setTimeout(() => note.remove(), tone === 'bad' ? 12000 : 6000);
}
