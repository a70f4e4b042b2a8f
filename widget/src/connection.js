// The line to the server: one session, messages sent once and in order, silence noticed, losses made good.
import { io } from "socket.io-client";

const TURN = 30_000; // ms until an unanswered message counts as failed
const ASK = 10_000; // ms for everything else

/** Talks to the website channel. `hear` gets: state, session, bot, user, typing. */
export class Connection {
  #socket;
  #hear;
  #session;
  #waiting = [];
  #sending = false;

  constructor(server, path, hear) {
    this.#hear = hear;
    this.ready = false;
    this.#socket = io(server, {
      path,
      transports: ["websocket", "polling"],
      tryAllTransports: true, // where websockets are blocked, HTTP long polling carries the chat
      autoConnect: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 6000,
      timeout: 6000,
    });
    this.#socket.on("connect", () => this.#greet());
    this.#socket.on("disconnect", (reason) => {
      this.#down();
      if (reason === "io server disconnect") this.#socket.connect(); // told to go: come back once, by the usual pace
    });
    this.#socket.on("connect_error", () => {
      this.#socket.io.opts.transports = ["polling", "websocket"]; // a network that swallows websockets gives no error to try on
      this.#down();
    });
    for (const event of ["bot", "user", "typing"]) this.#socket.on(event, (data) => this.#hear[event](data));
    addEventListener("online", () => this.#wake());
    addEventListener("offline", () => this.#hear.state("offline"));
  }

  /** Opens the line. `session()` gives what to ask for: {token, cursor, greet}. */
  open(session) {
    this.#session = session;
    if (!this.#socket.connected) {
      this.#hear.state(navigator.onLine === false ? "offline" : "connecting");
      this.#socket.connect();
    }
  }

  #down() {
    this.ready = false;
    this.#hear.typing(false);
    this.#hear.state(navigator.onLine === false ? "offline" : "reconnecting");
  }

  #wake() {
    this.#hear.state("reconnecting");
    if (!this.#socket.connected) this.#socket.disconnect().connect();
  }

  /** Asks for a session (again, with `fresh`, for a new one) and sends what waited. */
  async #greet(fresh = false) {
    try {
      const reply = await this.#ask("session", { ...this.#session(), fresh });
      this.ready = true;
      this.#hear.session(reply);
      this.#hear.state("ready");
      this.#flush();
    } catch {
      if (this.#socket.connected) setTimeout(() => this.#socket.connected && this.#greet(fresh), 1500);
    }
  }

  #lost() {
    this.ready = false;
    this.#greet();
  }

  #ask(event, data, limit = ASK) {
    return this.#socket.timeout(limit).emitWithAck(event, data);
  }

  /** Sends `message` {id, text, kind, ticket}; `settle(reply)` hears {ok} or {error} once, after any number of losses. */
  send(message, settle) {
    this.#waiting.push({ message, settle });
    this.#flush();
  }

  async #flush() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.ready && this.#waiting.length) {
        const { message, settle } = this.#waiting[0];
        const reply = await this.#deliver(message);
        if (reply === undefined) break; // the line fell: it goes out again, and the server knows its id
        if (reply.error === "no_session") return this.#lost();
        this.#waiting.shift();
        settle(reply);
      }
    } finally {
      this.#sending = false;
    }
    if (this.ready && this.#waiting.length) this.#flush();
  }

  async #deliver(message) {
    try {
      return await this.#ask("say", message, TURN);
    } catch {
      return this.#socket.connected && this.ready ? { error: "no_answer" } : undefined;
    }
  }

  /** Starts over with a session the server has never seen. Nothing unsent goes along. */
  renew() {
    this.#waiting = [];
    this.ready = false;
    if (this.#socket.connected) this.#greet(true);
  }

  /** True when the server has erased this conversation. */
  async erase() {
    try {
      return (await this.#ask("erase", {})).ok === true;
    } catch {
      return false;
    }
  }

  /** Tells whether an answer helped; a lost opinion is not worth a retry. */
  rate(opinion) {
    if (this.ready) this.#socket.emit("rate", opinion);
  }

  close() {
    this.#socket.disconnect();
  }
}
