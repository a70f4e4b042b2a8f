"""The website chat beside deep-chat and rasa-webchat: size, click to open panel, Enter to answer shown.

Usage: python -m benchmarks.widget [ROUNDS]     (needs Chromium, Node.js and npm; about two minutes)
All three talk socket.io to servers on this machine that answer at once, so the figures are the widgets' own.
"""

from __future__ import annotations

import gzip
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import socketio
from aiohttp import web
from playwright.sync_api import Browser, Page, sync_playwright

from hair_answers.channels.website.pages import ASSETS
from tests.browser.conftest import ARGUMENTS, StandIn, find_chromium

PACKAGES = ("deep-chat@2.4.2", "rasa-webchat@1.0.1", "socket.io-client@4.8.4")
DEEP_CHAT = """<!doctype html><meta charset=utf-8><button id=open>open</button><div id=here></div>
<script src=/node_modules/socket.io-client/dist/socket.io.min.js></script>
<script type=module src=/node_modules/deep-chat/dist/deepChat.bundle.js></script>
<script>
const socket = io(); socket.on('connect', () => socket.emit('session_request', {}));
document.getElementById('open').onclick = () => {
  const chat = document.createElement('deep-chat');
  chat.style.fontFamily = 'sans-serif';
  chat.connect = { handler: (body, signals) => {
    socket.once('bot_uttered', m => signals.onResponse({text: m.text}));
    socket.emit('user_uttered', {message: body.messages.at(-1).text});
  }};
  document.getElementById('here').append(chat);
};
</script>"""
RASA_WEBCHAT = """<!doctype html><meta charset=utf-8><body><div id=webchat></div>
<script src=/node_modules/rasa-webchat/lib/index.js></script>
<script>
WebChat.default({socketUrl: location.origin, socketPath: '/socket.io/', customData: {}, title: 'x'}, null);
</script>"""
WATCH = """
let since = 0;
for (const kind of ['click', 'keydown']) addEventListener(kind, e => {
  if (kind === 'click' || e.key === 'Enter') since = performance.now();
}, true);
// Seen in one frame, on the screen by the next.
window.watch = done => { since = 0; window.took = new Promise(found => {
  const look = () => since && done() ? requestAnimationFrame(() => found(performance.now() - since))
    : requestAnimationFrame(look);
  look();
})};
"""


@dataclass(frozen=True)
class Contender:
    """One chat and how a measuring script finds its way in it."""

    name: str
    address: str
    script: Path
    launcher: str
    field: str
    opened: str  # JavaScript: the panel's field is there
    latest: str  # JavaScript: the text of the latest answer


class Stock:
    """A server that speaks what Rasa's own socket.io channel speaks, and serves the other widgets' pages."""

    def __init__(self, packages: Path) -> None:
        self.packages = packages
        self.port = 0
        self._ready = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()
        self._ready.wait(20)

    def _serve(self) -> None:
        sio = socketio.AsyncServer(async_mode="aiohttp")
        app = web.Application()
        sio.attach(app)

        async def session(sid: str, data: dict[str, str] | None) -> None:
            await sio.emit("session_confirm", (data or {}).get("session_id") or sid, to=sid)

        async def answer(sid: str, data: dict[str, str]) -> None:
            await sio.emit("bot_uttered", {"text": f"You asked: {data.get('message')}"}, to=sid)

        sio.on("session_request", session)
        sio.on("user_uttered", answer)
        for path, page in (("/deep-chat", DEEP_CHAT), ("/rasa-webchat", RASA_WEBCHAT)):
            app.router.add_get(path, _page(page))
        app.router.add_static("/node_modules", self.packages / "node_modules")

        async def started(_: web.Application) -> None:
            self._ready.set()

        app.on_startup.append(started)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        web.run_app(app, sock=listener, print=None, handle_signals=False)


def _page(text: str) -> Callable[[web.Request], web.Response]:
    async def serve(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    return serve  # type: ignore[return-value]


def contenders(ours: str, stock: str, packages: Path) -> list[Contender]:
    """The three chats, each with its own selectors."""
    own = "document.querySelector('hair-answers-chat').shadowRoot"
    deep = "document.querySelector('deep-chat')?.shadowRoot"
    modules = packages / "node_modules"
    return [
        Contender(
            "Hair Answers", f"{ours}/chat/", ASSETS / "widget.js",
            "hair-answers-chat .launcher",
            "hair-answers-chat textarea",
            f"{own}.querySelector('textarea').checkVisibility()",
            f"[...{own}.querySelectorAll('.message.bot')].at(-1).textContent",
        ),
        Contender(
            "deep-chat 2.4.2", f"{stock}/deep-chat", modules / "deep-chat/dist/deepChat.bundle.js",
            "#open", "deep-chat #text-input",
            f"{deep}?.querySelector('#text-input')?.checkVisibility()",
            f"[...{deep}.querySelectorAll('.ai-message-text')].at(-1)?.textContent",
        ),
        Contender(
            "rasa-webchat 1.0.1", f"{stock}/rasa-webchat", modules / "rasa-webchat/lib/index.js",
            ".rw-launcher", ".rw-new-message",
            "document.querySelector('.rw-new-message')?.checkVisibility()",
            "[...document.querySelectorAll('.rw-response')].at(-1)?.textContent",
        ),
    ]  # fmt: skip


def opening(browser: Browser, chat: Contender, rounds: int) -> list[float]:
    """Milliseconds from the click to the painted panel, a fresh page each time."""
    times = []
    for _ in range(rounds):
        page = _visit(browser, chat)
        page.evaluate(f"watch(() => {chat.opened})")
        page.click(chat.launcher)
        times.append(page.evaluate("took"))
        page.context.close()
    return times


def answering(browser: Browser, chat: Contender, rounds: int) -> list[float]:
    """Milliseconds from Enter to the painted answer, in one conversation."""
    page = _visit(browser, chat)
    page.click(chat.launcher)
    page.wait_for_timeout(1000)
    times = []
    for number in range(rounds):
        page.click(chat.field)
        page.keyboard.type(f"question {number};")
        page.evaluate(f"watch(() => ({chat.latest} ?? '').includes('question {number};'))")
        page.keyboard.press("Enter")
        times.append(page.evaluate("took"))
    page.context.close()
    return times


def _visit(browser: Browser, chat: Contender) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(WATCH)
    page.goto(chat.address)
    page.wait_for_selector(chat.launcher)
    page.wait_for_timeout(150)
    return page


def main(rounds: int = 50) -> None:
    """Measure and print one row for each chat."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        packages = Path(folder)
        (packages / "package.json").write_text(json.dumps({"private": True}))
        subprocess.run(
            ["npm", "install", "--no-save", "--ignore-scripts", "--legacy-peer-deps", "--silent", *PACKAGES],
            cwd=packages, check=True,
        )  # fmt: skip
        server = StandIn(packages, "messages=100000").start()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        print(
            f"{'median of ' + str(rounds):20} {'gzip kB':>8} {'open ms':>8} {'answer ms':>10} {'answer p95':>11}"
        )
        try:
            for chat in contenders(server.url, f"http://127.0.0.1:{Stock(packages).port}", packages):
                size = len(gzip.compress(chat.script.read_bytes(), 9)) / 1000
                opened = statistics.median(opening(browser, chat, rounds))
                answered = sorted(answering(browser, chat, rounds))
                late = answered[int(len(answered) * 0.95)]
                print(
                    f"{chat.name:20} {size:8.1f} {opened:8.1f} {statistics.median(answered):10.1f} {late:11.1f}"
                )
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
