// Single keys outside of boxes: J next, A agree … They can be seen (?) and switched off, and never fire while one types.
const OFF = 'zj-keys-off';
const TYPING = 'input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable]';

const isOff = () => localStorage.getItem(OFF) === '1';

// bindings: [{ key: 'J', code: 'KeyJ', words: '下一项', run }]; code is the place of the key, whatever the input method
export function installKeys(bindings) {
  const all = [...bindings, { key: '?', words: '显示这个说明', run: () => dialog.showModal() }];
  const dialog = help(all);
  document.body.append(dialog);
  for (const button of document.querySelectorAll('[data-keys]')) {
    button.addEventListener('click', () => dialog.showModal());
  }
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest?.(TYPING) || document.querySelector('dialog[open]')) return;
    const asks = event.key === '?' || event.key === '？';
    if (isOff() && !asks) return;
    const found = all.find((one) => (one.code ? one.code === event.code && !event.shiftKey : one.key === event.key || (one.key === '?' && asks)));
    if (!found) return;
    event.preventDefault();
    found.run();
  });
}

function help(bindings) {
  const dialog = document.createElement('dialog');
  dialog.className = 'zj-dialog zj-keys';
  dialog.setAttribute('aria-labelledby', 'zj-keys-title');
  dialog.innerHTML = `<form method="dialog"><h2 id="zj-keys-title">快捷键</h2><table class="zj-table"><caption class="visually-hidden">快捷键和它们的作用</caption><tbody></tbody></table>
<p class="zj-muted">正在填写文字时，快捷键不起作用。</p>
<label class="zj-check"><input class="form-check-input" type="checkbox"><span>使用快捷键</span></label>
<div class="zj-dialog-acts"><button class="btn btn-primary" type="submit">知道了</button></div></form>`;
  const body = dialog.querySelector('tbody');
  for (const one of bindings) {
    const row = body.insertRow();
    const head = document.createElement('th');
    head.scope = 'row';
    const cap = document.createElement('kbd');
    cap.textContent = one.key;
    head.append(cap);
    row.append(head);
    row.insertCell().textContent = one.words;
  }
  const box = dialog.querySelector('input');
  box.checked = !isOff();
  box.addEventListener('change', () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, '1')));
  return dialog;
}

export function focusSearch() {
  const box = document.querySelector('[data-search]') ?? document.getElementById('zj-q');
  box?.focus();
  box?.select();
}
