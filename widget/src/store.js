// What this tab remembers: session token, transcript, unsent messages.  sessionStorage only: nothing outlives the tab.

const KEEP = 80; // messages

/** A small store under one name; works from memory alone where the browser forbids sessionStorage. */
export class Store {
  constructor(name) {
    this.name = `hair-answers:${name}`;
    this.state = this.#read();
  }

  #read() {
    const empty = { token: null, cursor: null, open: false, wide: null, unread: 0, messages: [] };
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.name));
      if (!kept || !Array.isArray(kept.messages)) return empty;
      for (const key of Object.keys(empty)) if (Object.hasOwn(kept, key)) empty[key] = kept[key];
      empty.messages = kept.messages.filter(
        (m) => m && ["bot", "user", "note"].includes(m.who) && typeof m.id === "string" && Number.isFinite(m.time),
      );
      return empty;
    } catch {
      return empty;
    }
  }

  /** Changes some keys and keeps them. */
  set(changes) {
    Object.assign(this.state, changes);
    this.keep();
  }

  /** Adds one message, the oldest ones make room. */
  add(message) {
    this.state.messages.push(message);
    this.state.messages.splice(0, this.state.messages.length - KEEP);
    this.keep();
  }

  /** Forgets the conversation, not how the window stood. */
  clear() {
    this.set({ token: null, cursor: null, unread: 0, messages: [] });
  }

  keep() {
    try {
      sessionStorage.setItem(this.name, JSON.stringify(this.state));
    } catch {
      // Full or forbidden: the conversation then lives as long as the page.
    }
  }
}
