// The editors' words in Chinese. What has no translation is remembered, so that a test can say so.
import zn from 'bpmn-js-i18n/translations/zn.js';
import own from './words.js';

const words = { ...zn, ...own };
const missing = new Set();

export function translate(template, values = {}) {
  if (template && !(template in words)) {
    missing.add(template);
    document.documentElement.dataset.untranslated = [...missing].join('\n');
  }
  return (words[template] ?? template).replace(/{([^}]+)}/g, (whole, key) => (key in values ? values[key] : whole));
}

export default { translate: ['value', translate] };
