// A question before an act: <form data-confirm="确定要退回吗？"> or <button data-confirm="…">.
export function ask(text, { yes = '确定', tone = '' } = {}) {
  const dialog = document.getElementById('zj-confirm');
  const button = dialog.querySelector('[data-yes]');
  dialog.querySelector('#zj-confirm-text').textContent = text;
  button.textContent = yes;
  button.className = `btn ${tone === 'danger' ? 'btn-danger' : 'btn-primary'}`;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

export function installConfirm() {
  document.addEventListener(
    'submit',
    async (event) => {
      const form = event.target;
      const button = event.submitter;
      const holder = button?.dataset.confirm ? button : form;
      if (!holder.dataset?.confirm || form.dataset.confirmed) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const sure = await ask(holder.dataset.confirm, {
        yes: holder.dataset.confirmYes,
        tone: holder.dataset.confirmTone,
      });
      if (!sure) return;
      form.dataset.confirmed = '1';
      form.requestSubmit(button);
      delete form.dataset.confirmed;
    },
    true,
  );
}
