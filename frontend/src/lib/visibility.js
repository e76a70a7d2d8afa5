// Fields that are asked only after a certain answer. What is hidden is also disabled, so it is not sent.
export function installVisibility(form) {
  const fields = [...form.querySelectorAll('[data-visible-if]')];
  const rules = new Map(fields.map((field) => [field.dataset.field, JSON.parse(field.dataset.visibleIf)]));

  const given = (name) => {
    const controls = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    return controls
      .filter((one) => !['radio', 'checkbox'].includes(one.type) || one.checked)
      .map((one) => one.value);
  };

  const asked = (name, seen = new Set()) => {
    const rule = rules.get(name);
    if (!rule || seen.has(name)) return true;
    seen.add(name);
    const wanted = rule.in.map(String);
    return given(rule.field).some((value) => wanted.includes(value)) && asked(rule.field, seen);
  };

  const apply = () => {
    for (const field of fields) {
      const show = asked(field.dataset.field);
      field.hidden = !show;
      for (const control of field.querySelectorAll('input, select, textarea')) control.disabled = !show;
    }
  };
  form.addEventListener('change', apply);
  apply();
}
