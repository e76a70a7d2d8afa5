// Forms rendered on the server, made quick to fill in: rows, totals, conditions, uploads, drafts.
import { installAmounts, installCounters } from './lib/inputs.js';
import { installOptions } from './lib/options.js';
import { installRows } from './lib/rows.js';
import { installVisibility } from './lib/visibility.js';
import { installUploads } from './lib/uploads.js';
import { installDraft } from './lib/draft.js';
import { installEffects } from './lib/effects.js';
import { installPhrases } from './lib/phrases.js';

export function enhance(form) {
  installAmounts(form);
  installCounters(form);
  installRows(form);
  installVisibility(form);
  installOptions(form);
  installUploads(form);
  installEffects(form);
  installPhrases(form);
  installDraft(form);
  document.getElementById('form-errors')?.focus();
  form.dataset.ready = '1';
}

for (const form of document.querySelectorAll('form[data-island="form"]')) enhance(form);
document.addEventListener('htmx:load', (event) => {
  for (const form of event.detail.elt.querySelectorAll?.('form[data-island="form"]:not([data-ready])') ?? []) {
    enhance(form);
  }
});
