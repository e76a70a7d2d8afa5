// What cannot be taken back is told in the form and asked once more before it is sent: amount, payee, publication.
export function installEffects(form) {
  const lines = [...form.querySelectorAll('[data-effects] li')];
  if (!lines.length) return;
  const box = form.querySelector('[data-effects]');

  const given = (name) => {
    const controls = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    return controls.filter((one) => !['radio', 'checkbox'].includes(one.type) || one.checked).map((one) => one.value);
  };
  const happens = (line) => {
    const [name, value] = (line.dataset.when ?? '').split('=');
    return !name || given(name).includes(value);
  };

  const show = () => {
    for (const line of lines) line.hidden = !happens(line);
    const words = lines.filter((line) => !line.hidden).map((line) => line.textContent);
    box.hidden = words.length === 0;
    if (words.length) form.dataset.confirm = `${words.join('\n')}\n提交后不能撤回。确定提交吗？`;
    else delete form.dataset.confirm;
  };
  form.addEventListener('change', show);
  show();
}
