// Options of a second level: only those below the answer one level up are offered.
export function installOptions(form) {
  const groups = [...form.querySelectorAll('[data-options-of]')];

  const above = (name) => {
    const controls = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    return controls.find((one) => !['radio', 'checkbox'].includes(one.type) || one.checked)?.value ?? '';
  };

  const apply = () => {
    for (const group of groups) {
      const chosen = above(group.dataset.optionsOf);
      for (const label of group.querySelectorAll('label')) {
        const control = label.querySelector('input');
        const offered = chosen !== '' && control.value.startsWith(`${chosen}.`);
        label.hidden = !offered;
        if (!offered) control.checked = false;
      }
      group.querySelector('[data-options-wait]').hidden = chosen !== '';
    }
  };
  form.addEventListener('change', apply);
  if (groups.length) apply();
}
