// Imported first: the decision editor's library adds <style> elements; they get this page's one-time word.
const nonce = document.querySelector('meta[name="csp-nonce"]')?.nonce;
if (nonce) {
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function createElement(tag, options) {
    const made = create.call(this, tag, options);
    if (String(tag).toLowerCase() === 'style') made.nonce = nonce;
    return made;
  };
}
