// Files are stored as soon as they are chosen; the form keeps only their numbers, so nothing is lost on an error.
import { shrink } from './photos.js';

const LIMIT = 20 * 1024 * 1024;
const AT_ONCE = 2; // a phone's connection is shared by all of them

export function installUploads(form) {
  for (const field of form.querySelectorAll('[data-upload-field]')) new Upload(form, field);
  form.addEventListener('zj:row', (event) => {
    for (const field of event.detail.row.querySelectorAll('[data-upload-field]')) new Upload(form, field);
  });
}

export const sizeText = (size) =>
  size < 1024 * 1024 ? `${Math.max(1, Math.round(size / 1024))} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`;

class Upload {
  constructor(form, field) {
    this.form = form;
    this.field = field;
    this.list = field.querySelector('ul');
    this.blank = field.querySelector(':scope > template');
    this.waiting = [];
    this.running = 0;
    for (const input of field.querySelectorAll('input[type=file]')) {
      input.addEventListener('change', () => {
        this.take([...input.files]);
        input.value = '';
      });
    }
    this.list.addEventListener('click', (event) => {
      const button = event.target.closest('[data-drop-file]');
      if (!button) return;
      button.closest('[data-file]').remove();
      field.querySelector('input[type=file]').focus();
      form.dispatchEvent(new Event('change', { bubbles: true }));
    });
    for (const name of ['dragenter', 'dragover']) {
      field.addEventListener(name, (event) => {
        event.preventDefault();
        field.classList.add('zj-over');
      });
    }
    field.addEventListener('dragleave', () => field.classList.remove('zj-over'));
    field.addEventListener('drop', (event) => {
      event.preventDefault();
      field.classList.remove('zj-over');
      this.take([...event.dataTransfer.files]);
    });
  }

  take(files) {
    for (const file of files) {
      const entry = this.blank.content.firstElementChild.cloneNode(true);
      entry.querySelector('.zj-file-name').textContent = file.name;
      entry.querySelector('[data-drop-file]').setAttribute('aria-label', `删除 ${file.name}`);
      const room = Number(this.field.dataset.max) - this.list.children.length;
      this.list.append(entry);
      if (room <= 0) this.fail(entry, `最多上传 ${this.field.dataset.max} 个文件`);
      else this.queue(file, entry);
    }
  }

  queue(file, entry) {
    entry.dataset.busy = '1';
    entry.querySelector('[data-state]').textContent = '等待上传';
    this.waiting.push([file, entry]);
    this.next();
  }

  next() {
    while (this.running < AT_ONCE && this.waiting.length) {
      const [file, entry] = this.waiting.shift();
      if (!entry.isConnected) continue;
      this.running += 1;
      this.prepare(file, entry).finally(() => {
        this.running -= 1;
        this.next();
      });
    }
  }

  async prepare(file, entry) {
    const small = await shrink(file);
    if (small.size > LIMIT) this.fail(entry, '文件超过 20 MB，请压缩后重新上传');
    else await this.send(small, entry);
  }

  send(file, entry) {
    const request = new XMLHttpRequest(); // fetch cannot report progress of what is sent
    const body = new FormData();
    body.append('file', file);
    const bar = entry.querySelector('progress');
    const state = entry.querySelector('[data-state]');
    bar.setAttribute('aria-label', `正在上传 ${file.name}`);
    request.upload.addEventListener('progress', (event) => {
      if (!event.lengthComputable) return;
      bar.value = (event.loaded / event.total) * 100;
      state.textContent = `${Math.round(bar.value)}%`;
    });
    const finished = new Promise((resolve) => {
      request.addEventListener('loadend', () => {
        const answer = this.read(request);
        if (request.status >= 200 && request.status < 300 && answer.id) this.done(entry, answer);
        else if (request.status === 0 || request.status >= 500) this.offerAgain(file, entry);
        else this.fail(entry, request.status === 401 ? '登录已到期，请重新登录后再上传' : (answer.detail ?? '上传没有成功，请重试'));
        resolve();
      });
    });
    request.open('POST', this.form.dataset.upload);
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('X-CSRFToken', document.querySelector('meta[name="csrf-token"]')?.content ?? '');
    request.send(body);
    entry.querySelector('[data-drop-file]').addEventListener('click', () => request.abort(), { once: true });
    return finished;
  }

  // the connection broke: the photo is still here, and is sent when there is a connection again
  offerAgain(file, entry) {
    delete entry.dataset.busy;
    entry.classList.add('zj-file-bad');
    entry.querySelector('[data-state]').textContent = '网络不通，没有传上';
    const again = Object.assign(document.createElement('button'), { type: 'button', className: 'btn btn-sm', textContent: '重新上传' });
    const retry = () => {
      window.removeEventListener('online', retry);
      if (!entry.isConnected) return;
      again.remove();
      entry.classList.remove('zj-file-bad');
      this.queue(file, entry);
    };
    again.addEventListener('click', retry);
    window.addEventListener('online', retry);
    entry.querySelector('[data-state]').after(again);
  }

  read(request) {
    try {
      return JSON.parse(request.responseText);
    } catch {
      return {}; // no JSON: an answer of a proxy; the status tells
    }
  }

  done(entry, answer) {
    delete entry.dataset.busy;
    const keep = document.createElement('input');
    Object.assign(keep, { type: 'hidden', name: this.field.dataset.uploadField, value: answer.id });
    entry.append(keep);
    entry.querySelector('.zj-file-name').textContent = answer.name;
    entry.querySelector('[data-state]').textContent = `已上传，${sizeText(answer.size)}`;
    entry.querySelector('progress').remove();
    if (/\.(jpe?g|png|webp)$/i.test(answer.name) && this.form.dataset.upload === '/files') {
      entry.prepend(Object.assign(document.createElement('img'), { className: 'zj-thumb', src: `/files/${answer.id}`, alt: '' }));
    }
    this.form.dispatchEvent(new Event('change', { bubbles: true }));
  }

  fail(entry, words) {
    delete entry.dataset.busy;
    entry.classList.add('zj-file-bad');
    entry.querySelector('[data-state]').textContent = words;
    entry.querySelector('progress')?.remove();
  }
}
