// <hair-answers-chat>: the window, its state, and what happens when something is said.
import { Connection } from "./connection.js";
import { el, icon, list, record, text } from "./dom.js";
import { CHAT, CLOSE, DOWN, MENU, SEND, WIDEN } from "./icons.js";
import { botMessage, note, spoken, takeaway, userMessage } from "./message.js";
import { Store } from "./store.js";
import { strings } from "./strings.js";
import css from "./styles.css";

const PHONE = "(max-width: 560px)";
const SHUT_UP_AFTER = 12_000; // ms a spoken answer stays in the live region
const FOCUSABLE = "button:not(:disabled), [href], textarea, summary, [tabindex='0']";

let sheet;
/** One style sheet for all windows; constructed, so that a strict content policy of the page allows it. */
const styles = () => {
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(css);
  return sheet;
};

const identity = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** Black or white, whichever reads better on a CSS colour; undefined when it is no colour. */
function contrasting(colour) {
  if (!CSS.supports("color", colour)) return undefined;
  const probe = new OffscreenCanvas(1, 1).getContext("2d");
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...probe.getImageData(0, 0, 1, 1).data].map((v) => ((v / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.183 ? "#000" : "#fff";
}

export class HairAnswersChat extends HTMLElement {
  static origin = location.origin; // where this script came from; main.js sets it

  connectedCallback() {
    if (this.shadowRoot) return;
    this.words = strings(this.getAttribute("lang") || document.documentElement.lang);
    this.store = new Store(this.id || "chat");
    this.inline = this.getAttribute("mode") !== "launcher";
    this.limit = 500;
    this.nodes = new Map(); // message id → its element
    this.#build();
    this.#paint();
    for (const message of this.store.state.messages) this.#show(message, true);
    if (this.inline || this.store.state.open || this.hasAttribute("open")) this.#toggle(true, false);
    else {
      this.#badge();
      if (this.#unsent().length) this.#connect();
    }
  }

  disconnectedCallback() {
    this.line?.close();
    visualViewport?.removeEventListener("resize", this.fit);
    visualViewport?.removeEventListener("scroll", this.fit);
  }

  // ---- the window -------------------------------------------------------------------------------------------

  #build() {
    const { say } = this.words;
    const title = this.getAttribute("heading") || say("title");
    const button = (name, drawing, act, props = {}) =>
      el("button", { type: "button", class: `round ${name}`, "aria-label": say(name), title: say(name), onclick: act, ...props }, icon(drawing));
    const ui = (this.ui = {});

    ui.log = el("div", { class: "log", role: "region", tabindex: "0", "aria-label": say("conversation"), onscroll: () => this.#newer(false) });
    ui.live = el("div", { class: "sr", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": say("announcements") });
    ui.typing = el("p", { class: "typing", hidden: true }, el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), say("typing"));
    ui.newer = el("button", { type: "button", class: "newer", hidden: true, onclick: () => this.#follow(true) }, icon(DOWN, 16), say("newer"));
    ui.status = el("p", { class: "status", role: "status" });
    ui.input = el("textarea", {
      id: "question", rows: "1", placeholder: say("placeholder"), enterkeyhint: "send", autocomplete: "off", dir: "auto",
      "aria-label": say("input"), "aria-describedby": "count",
      oninput: () => this.#measure(),
      onkeydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        ui.form.requestSubmit();
      },
    });
    ui.count = el("p", { id: "count", class: "count", role: "alert" });
    ui.form = el(
      "form",
      { novalidate: true, onsubmit: (event) => { event.preventDefault(); this.#submit(); } },
      el("div", { class: "field" }, ui.input),
      el("button", { type: "submit", class: "send", "aria-label": say("send"), title: say("send") }, icon(SEND)),
    );
    ui.menu = el(
      "div",
      { class: "options", hidden: true, id: "options" },
      ...[["new_chat", this.#renew], ["copy", this.#copy], ["print", this.#print], ["erase", this.#askErase]].map(([name, act]) =>
        el("button", { type: "button", onclick: () => { this.#menu(false); act.call(this); } }, say(name)),
      ),
    );
    ui.menuButton = button("menu", MENU, () => this.#menu(ui.menu.hidden), { "aria-expanded": "false", "aria-controls": "options" });
    ui.widen = button("widen", WIDEN, () => this.#widen(!this.store.state.wide), { class: "round widen" });
    ui.close = button("close", CLOSE, () => this.#toggle(false));
    ui.confirm = el(
      "dialog",
      { "aria-labelledby": "sure", onclose: () => ui.menuButton.focus() },
      el("h3", { id: "sure" }, say("erase_title")),
      el("p", {}, say("erase_text")),
      el(
        "div",
        { class: "choices" },
        el("button", { type: "button", class: "plain", onclick: () => ui.confirm.close() }, say("erase_no")),
        el("button", { type: "button", class: "danger", onclick: () => this.#erase() }, say("erase_yes")),
      ),
    );
    ui.panel = el(
      "section",
      { class: "panel", hidden: true, role: this.inline ? "region" : "dialog", "aria-labelledby": "title", onkeydown: (event) => this.#keys(event) },
      el(
        "div",
        { class: "head" },
        el("div", { class: "mark" }, icon(CHAT, 22)),
        el("div", { class: "names" }, el("h2", { id: "title" }, title), el("p", {}, say("role"))),
        ui.menuButton,
        !this.inline && ui.widen,
        !this.inline && ui.close,
        ui.menu,
      ),
      el("div", { class: "body" }, ui.log, ui.newer),
      ui.typing,
      ui.status,
      ui.count,
      ui.form,
      ui.live,
      ui.confirm,
    );
    ui.log.append(el("p", { class: "notice" }, say("notice")));
    ui.launcher = el(
      "button",
      { type: "button", class: "launcher", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => this.#toggle(ui.panel.hidden) },
      icon(CHAT, 26), el("span", { class: "call" }, this.getAttribute("label") || say("launcher")), (ui.unread = el("span", { class: "unread", hidden: true, "aria-hidden": "true" })),
    );
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styles()];
    const side = this.getAttribute("position") === "left" ? "left" : "right";
    ui.frame = el("div", { class: `frame ${this.inline ? "inline" : "floating"} ${side}`, lang: this.words.lang, dir: this.getAttribute("dir") || this.words.dir });
    ui.frame.append(ui.panel);
    if (!this.inline) ui.frame.append(ui.launcher);
    root.append(ui.frame);
    this.fit = () => this.#fit();
    visualViewport?.addEventListener("resize", this.fit);
    visualViewport?.addEventListener("scroll", this.fit);
  }

  /** The clinic's colour, with writing on it that can be read. */
  #paint() {
    const accent = this.getAttribute("accent");
    const ink = accent && contrasting(accent);
    if (!ink) return;
    this.ui.frame.style.setProperty("--accent", accent);
    this.ui.frame.style.setProperty("--on-accent", ink);
  }

  /** Keeps the window over the on-screen keyboard. */
  #fit() {
    const view = visualViewport;
    this.ui.frame.style.setProperty("--view", view.scale > 1.01 ? "100dvh" : `${view.height}px`);
    this.ui.frame.style.setProperty("--shift", view.scale > 1.01 ? "0px" : `${view.offsetTop}px`);
  }

  #toggle(open, focus = true) {
    const { panel, launcher, input } = this.ui;
    panel.hidden = !open;
    launcher.setAttribute("aria-expanded", String(open));
    this.ui.frame.classList.toggle("open", open);
    const modal = open && !this.inline && matchMedia(PHONE).matches;
    if (modal) panel.setAttribute("aria-modal", "true");
    else panel.removeAttribute("aria-modal");
    this.store.set({ open, unread: open ? 0 : this.store.state.unread });
    this.#badge();
    if (!open) {
      if (focus) launcher.focus();
      return;
    }
    this.fit();
    if (this.store.state.wide) this.#widen(true);
    this.#connect();
    this.#follow();
    if (focus) input.focus({ preventScroll: true });
  }

  /** Opens the window and puts the cursor into the question field. */
  open() {
    this.#toggle(true);
  }

  /** Closes the window; the conversation stays. */
  close() {
    if (!this.inline) this.#toggle(false);
  }

  #badge() {
    const { say } = this.words;
    const { unread: n, open } = this.store.state;
    const { launcher, unread } = this.ui;
    unread.hidden = !n || open;
    unread.textContent = n > 9 ? "9+" : n ? String(n) : "";
    const call = this.getAttribute("label") || say("launcher");
    launcher.setAttribute("aria-label", open ? say("close") : `${n ? say("open_unread", { n }) : say("open")}: ${call}`);
  }

  #widen(wide) {
    const { say } = this.words;
    this.ui.panel.classList.toggle("wide", wide);
    const label = say(wide ? "narrow" : "widen");
    this.ui.widen.setAttribute("aria-label", label);
    this.ui.widen.title = label;
    this.store.set({ wide });
  }

  #menu(show) {
    this.ui.menu.hidden = !show;
    this.ui.menuButton.setAttribute("aria-expanded", String(show));
    if (show) this.ui.menu.firstChild.focus();
  }

  #keys(event) {
    const { menu, menuButton, panel } = this.ui;
    if (event.key === "Escape" && !this.ui.confirm.open) {
      event.stopPropagation();
      if (!menu.hidden) {
        this.#menu(false);
        menuButton.focus();
      } else if (!this.inline) this.#toggle(false);
    }
    if (event.key !== "Tab" || !panel.hasAttribute("aria-modal") || this.ui.confirm.open) return;
    const stops = [...panel.querySelectorAll(FOCUSABLE)].filter((node) => node.checkVisibility());
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (this.shadowRoot.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  }

  // ---- the line ---------------------------------------------------------------------------------------------

  #connect() {
    if (this.line) return;
    const server = new URL(this.getAttribute("server") || HairAnswersChat.origin, location.href);
    const path = `${server.pathname.replace(/\/+$/, "")}/chat/socket.io`;
    this.line = new Connection(server.origin, path, {
      state: (name) => this.#state(name),
      session: (reply) => this.#session(record(reply)),
      bot: (message) => this.#hear(record(message)),
      user: (message) => this.#echo(record(message)),
      typing: (on) => this.#typing(on === true),
    });
    this.line.open(() => ({
      token: this.store.state.token,
      cursor: this.store.state.cursor,
      greet: this.getAttribute("greeting") !== "off" && !this.store.state.messages.length,
      page: { page: location.href, title: document.title, lang: document.documentElement.lang },
    }));
    this.#resend();
  }

  #state(name) {
    const { say, has } = this.words;
    this.ui.status.textContent = name !== "ready" && has(name) ? say(name) : "";
    this.ui.frame.dataset.line = name;
    for (const message of this.#unsent()) this.#mark(message, name === "ready" ? "sending" : "waiting");
  }

  #session(reply) {
    if (this.store.state.token && reply.fresh && this.store.state.messages.length) this.#note("ended");
    if (Number.isInteger(reply.max)) this.limit = reply.max;
    this.store.set({ token: text(reply.token, 300), ...(reply.fresh ? { cursor: null } : {}) });
    this.#measure();
  }

  #typing(on) {
    const near = this.#near();
    this.ui.typing.hidden = !on;
    if (on && near) this.#follow();
  }

  #hear(message) {
    const kept = {
      who: "bot", id: text(message.cursor, 60) || identity(), time: Date.now(),
      text: text(message.text), buttons: list(message.buttons), metadata: record(message.metadata),
    };
    if (this.nodes.has(kept.id)) return;
    this.store.add(kept);
    this.store.set({ cursor: text(message.cursor, 60), unread: this.store.state.open ? 0 : this.store.state.unread + 1 });
    this.#show(kept);
    this.#badge();
    this.#announce(spoken(kept));
  }

  /** The same conversation in another tab said this. */
  #echo(message) {
    const id = text(message.id, 60);
    if (!id || this.nodes.has(id)) return;
    const kept = { who: "user", id, time: Date.now(), text: text(message.text, 1000), state: "sent" };
    this.store.add(kept);
    this.#show(kept);
  }

  #announce(words) {
    const line = el("p", {}, words);
    this.ui.live.append(line);
    setTimeout(() => line.remove(), SHUT_UP_AFTER);
  }

  // ---- saying something -------------------------------------------------------------------------------------

  #measure() {
    const { input, count } = this.ui;
    const { say } = this.words;
    const n = [...input.value.trim()].length;
    const over = n > this.limit;
    count.textContent = over ? say("too_long", { n, max: this.limit }) : "";
    input.setAttribute("aria-invalid", String(over));
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight + 2, 132)}px`;
    return !over;
  }

  #submit() {
    const { input } = this.ui;
    const words = input.value.trim();
    if (!words || !this.#measure()) return;
    input.value = "";
    this.#measure();
    this.#say({ text: words, kind: "text" });
    input.focus({ preventScroll: true });
  }

  #ask(payload, title, ticket) {
    if (this.store.state.messages.some((m) => m.payload === payload && m.state === "sending")) return;
    this.#say({ text: title, kind: "button", payload, ticket });
    this.ui.input.focus({ preventScroll: true });
  }

  #say(what) {
    const message = { who: "user", id: identity(), time: Date.now(), state: "waiting", ...what };
    this.store.add(message);
    this.#show(message);
    this.#send(message);
  }

  #send(message) {
    this.#mark(message, this.line?.ready ? "sending" : "waiting");
    this.line?.send(
      {
        id: message.id, kind: message.kind, text: message.kind === "button" ? message.payload : message.text,
        label: message.text, ticket: message.ticket,
        page: { page: location.href, title: document.title, lang: document.documentElement.lang },
      },
      (reply) => this.#settle(message, record(reply)),
    );
  }

  #settle(message, reply) {
    if (reply.ok) return this.#mark(message, "sent");
    const { say, has } = this.words;
    const code = has(reply.error) ? reply.error : "internal";
    this.#mark(message, "failed", say(code, { s: Math.ceil(reply.retry_after) || 10, max: this.limit, n: [...message.text].length }));
    this.#announce(`${say("failed")} ${message.error}`);
  }

  #mark(message, state, error) {
    Object.assign(message, { state, error });
    this.store.keep();
    const old = this.nodes.get(message.id);
    if (!old?.isConnected) return;
    const fresh = this.#user(message);
    old.replaceWith(fresh);
    this.nodes.set(message.id, fresh);
  }

  /** What had not been answered when the page went away goes out again; the server knows an id it has answered. */
  #resend() {
    for (const message of this.#unsent()) this.#send(message);
  }

  #unsent() {
    return this.store.state.messages.filter((m) => m.who === "user" && (m.state === "waiting" || m.state === "sending"));
  }

  // ---- showing ----------------------------------------------------------------------------------------------

  #user(message) {
    return userMessage(message, this.words, () => {
      this.ui.input.focus({ preventScroll: true });
      this.#send(message);
    });
  }

  #node(message) {
    if (message.who === "bot")
      return botMessage(message, this.words, { ask: (...a) => this.#ask(...a), rate: (opinion) => this.line?.rate(opinion) });
    return message.who === "user" ? this.#user(message) : note(message);
  }

  #show(message, past = false) {
    const { log } = this.ui;
    const near = this.#near();
    const node = this.#node(message);
    log.append(node);
    this.nodes.set(message.id, node);
    while (log.children.length > 90) log.children[1].remove();
    if (message.metadata?.table && this.store.state.wide === null && !this.inline) this.#widen(true);
    if (message.who === "user") this.turn = message.id;
    if (!past) near || message.who === "user" ? this.#follow() : this.#newer(true);
  }

  /** Brings the latest turn into view from its start, so that a long answer is read from its first line. */
  #follow(focus = false) {
    const { log } = this.ui;
    const start = this.nodes.get(this.turn);
    log.scrollTop = start ? start.offsetTop - 12 : 0;
    this.#newer(false);
    if (focus) log.lastElementChild.focus({ preventScroll: true });
  }

  /** True while the reader is at the end of the conversation, or the latest turn is what they see. */
  #near() {
    const { log } = this.ui;
    const start = this.nodes.get(this.turn)?.offsetTop ?? Infinity;
    return log.scrollHeight - log.scrollTop - log.clientHeight < 120 || Math.abs(start - 12 - log.scrollTop) < 40;
  }

  #newer(show) {
    if (show) this.ui.newer.hidden = false;
    else if (this.#near()) this.ui.newer.hidden = true;
  }

  #note(key) {
    const message = { who: "note", id: identity(), time: Date.now(), text: this.words.say(key) };
    this.store.add(message);
    this.#show(message);
    this.#announce(message.text);
  }

  // ---- the menu ---------------------------------------------------------------------------------------------

  #wipe() {
    this.store.clear();
    this.nodes.clear();
    this.turn = undefined;
    while (this.ui.log.children.length > 1) this.ui.log.lastChild.remove();
    this.#newer(false);
  }

  #renew() {
    this.#wipe();
    this.line?.renew();
    this.ui.input.focus();
  }

  #askErase() {
    this.ui.confirm.showModal();
  }

  async #erase() {
    this.ui.confirm.close();
    if (!(await this.line?.erase())) {
      this.ui.status.textContent = this.words.say("erase_failed");
      return;
    }
    this.#renew();
    this.#note("erased");
  }

  #transcript() {
    const { say, lang } = this.words;
    const clock = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
    return this.store.state.messages
      .filter((m) => m.who !== "note")
      .map((m) => `${say(m.who === "bot" ? "bot" : "you")} (${clock.format(m.time)}):\n${m.who === "bot" ? takeaway(m) : m.text}`)
      .concat(say("notice"))
      .join("\n\n");
  }

  async #copy() {
    const { say } = this.words;
    const { status, menuButton } = this.ui;
    const transcript = this.#transcript();
    menuButton.focus();
    try {
      await navigator.clipboard.writeText(transcript);
      status.textContent = say("copied");
    } catch {
      status.textContent = say("copy_failed");
    }
  }

  #print() {
    this.ui.menuButton.focus();
    const frame = el("iframe", { class: "sr", title: this.words.say("print"), "aria-hidden": "true", tabindex: "-1" });
    this.ui.frame.append(frame);
    const paper = frame.contentDocument;
    paper.title = this.getAttribute("heading") || this.words.say("title");
    const words = paper.createElement("pre");
    words.textContent = this.#transcript();
    words.style.cssText = "font: 12pt/1.5 sans-serif; white-space: pre-wrap; overflow-wrap: anywhere";
    paper.body.append(words);
    frame.contentWindow.addEventListener("afterprint", () => frame.remove());
    frame.contentWindow.print();
  }
}
