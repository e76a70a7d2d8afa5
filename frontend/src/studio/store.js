// The files of a draft as one editor sees them: opened, saved by themselves, never overwriting somebody else's work.
import { clock, pausing, reason, send } from './dom.js';

const PAUSE = 900;
const AGAIN = 5000;
const HEARTBEAT = 30_000;

export class Draft {
  /**
   * @param urls { file: '/studio/drafts/3/files/', state, lock, check }
   * @param show (state, words) → nothing; state is one of saved, dirty, saving, offline, conflict, readonly
   */
  constructor(urls, show) {
    this.urls = urls;
    this.show = show;
    this.known = new Map(); // name → text as the server has it
    this.waiting = new Map(); // name → function answering the text to save
    this.writable = true;
    this.running = null;
    this.onSaved = () => {};
    this.later = pausing(() => this.save(), PAUSE);
    addEventListener('beforeunload', (event) => {
      if (this.waiting.size || this.running) event.preventDefault();
    });
    addEventListener('pagehide', () => {
      if (this.writable && this.mine) send(this.urls.lock, { method: 'DELETE', keepalive: true });
    });
  }

  /** Take the lock when it is free, and keep it; answers who holds it. */
  async lock(onChange = () => {}) {
    const answer = await send(this.urls.lock);
    const lock = answer.ok ? await answer.json() : { mine: false, holder: '', why: await reason(answer) };
    const before = this.writable;
    this.mine = lock.mine;
    this.writable = lock.mine;
    if (!lock.mine) this.show('readonly', lock.why ?? `${lock.holder} 正在编辑，您现在只能查看`);
    else if (!before) this.show('saved', '现在可以编辑了');
    if (before !== this.writable || !this.beating) onChange(lock);
    if (!this.beating) this.beating = setInterval(() => this.lock(onChange).catch(() => this.show('offline', '网络不通，稍后自动重试')), HEARTBEAT);
    return lock;
  }

  /** The text of a file; "" when the draft has no such file. */
  async open(name) {
    const { rev, files } = await this.state();
    this.rev ??= rev;
    if (!files.includes(name)) {
      this.known.set(name, '');
      return '';
    }
    const answer = await fetch(this.urls.file + name);
    if (!answer.ok) throw new Error(await reason(answer));
    const text = await answer.text();
    this.known.set(name, text);
    return text;
  }

  async state() {
    const answer = await send(this.urls.state, { method: 'GET' });
    if (!answer.ok) throw new Error(await reason(answer));
    return answer.json();
  }

  /** Something has changed: `text()` answers the file when the typing pauses. */
  edit(name, text) {
    if (!this.writable) return;
    this.waiting.set(name, text);
    this.show('dirty', '有未保存的修改');
    this.later();
  }

  /** Save what waits. Only one saving runs at a time, in the order of the edits. */
  async save() {
    if (this.running) {
      await this.running;
      return this.save();
    }
    if (!this.waiting.size) return true;
    this.running = this.#saveAll();
    try {
      return await this.running;
    } finally {
      this.running = null;
    }
  }

  async #saveAll() {
    this.show('saving', '正在保存…');
    let saved = null;
    for (const [name, text] of [...this.waiting]) {
      let body;
      try {
        body = await text();
      } catch (error) {
        this.show('dirty', `没有保存：${error.message}`);
        return false;
      }
      if (body === this.known.get(name)) {
        this.#done(name, text);
        continue;
      }
      let answer;
      try {
        answer = await this.#put(name, body);
      } catch {
        this.show('offline', '网络不通，稍后自动重试');
        setTimeout(() => this.save(), AGAIN);
        return false;
      }
      if (answer.status === 409) {
        this.show('conflict', await reason(answer));
        return false;
      }
      if (!answer.ok) {
        this.show('dirty', `没有保存：${await reason(answer)}`);
        return false;
      }
      const done = await answer.json();
      this.rev = done.rev;
      this.known.set(name, body);
      this.#done(name, text);
      saved = done.saved_at;
    }
    this.show('saved', `已保存 ${saved ?? clock()}`);
    if (saved) this.onSaved();
    return true;
  }

  #done(name, text) {
    if (this.waiting.get(name) === text) this.waiting.delete(name);
  }

  /** Save one file. When only other files have moved on meanwhile, ours is saved on top of them. */
  async #put(name, body) {
    const put = () => send(this.urls.file + name, { method: 'PUT', body, headers: { 'If-Match': String(this.rev), 'Content-Type': 'text/plain; charset=utf-8' } });
    const answer = await put();
    if (answer.status !== 409) return answer;
    const { rev } = await this.state();
    if (rev === this.rev) return answer;
    const now = await fetch(this.urls.file + name);
    if ((now.ok ? await now.text() : '') !== this.known.get(name)) return answer;
    this.rev = rev;
    return put();
  }

  /** Judge the whole draft as it is stored; null when a newer check has been asked for meanwhile. */
  async check(onProgress = () => {}) {
    const mine = Symbol('check');
    this.checking = mine;
    for (;;) {
      const answer = await send(this.urls.check, { body: {} });
      if (this.checking !== mine) return null;
      if (!answer.ok) throw new Error(await reason(answer));
      const said = await answer.json();
      if (answer.status !== 202) return said;
      onProgress(said);
    }
  }
}
