"""On the clinics' own pages: one tag, hostile styles and policies, other origins, attributes, the inline element."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chat_page import Chat
from tests.browser.conftest import StandIn

HOSTILE_STYLE = """
html { font-size: 62.5% }
* { all: revert; color: red !important; font: 40px/3 cursive !important; display: block !important;
float: left !important; visibility: hidden; letter-spacing: 9px !important; text-transform: uppercase !important }
button, textarea, p, h2, div, section { width: 5px !important; height: 5px !important; rotate: 45deg !important }
hair-answers-chat { position: fixed; left: -9999px; opacity: 0; pointer-events: none }
"""
HOSTILE_SCRIPT = """
window.$ = window.jQuery = () => { throw new Error('not this jQuery') };
window.io = { evil: true }; window.process = { env: {} }; window.module = { exports: {} };
window.define = Object.assign(() => {}, { amd: true });
Array.prototype.extra = () => 1; Object.prototype.extra = function () { return 1 };
"""
PAGE = (
    '<!doctype html><html lang="en"><title>Clinic</title><link rel="icon" href="data:,">'
    "<body><main><h1>Clinic</h1>{body}</main></body></html>"
)


class Clinic:
    """A clinic's own web server on another origin than the bot's."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, str]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self.pages))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self, body: str, policy: str = "", style: str = "", script: str = "") -> str:
        """Put a page up and return its address."""
        self.pages["/style.css"] = (style, "")
        self.pages["/script.js"] = (script, "")
        head = '<link rel="stylesheet" href="/style.css"><script src="/script.js"></script>'
        self.pages["/page"] = (PAGE.format(body=head + body), policy)
        return f"{self.url}/page"


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, pages: dict[str, tuple[str, str]], *rest: Any) -> None:
        self.pages = pages
        super().__init__(*rest)

    def do_GET(self) -> None:
        body, policy = self.pages.get(self.path, ("", ""))
        kind = {"css": "text/css", "js": "text/javascript"}.get(self.path.rpartition(".")[2], "text/html")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if policy:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@pytest.fixture(scope="module")
def clinic() -> Iterator[Clinic]:
    server = Clinic()
    yield server
    server.server.shutdown()


@pytest.fixture(scope="module")
def allowing(clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A bot that lets the clinic's origin in."""
    server = StandIn(
        tmp_path_factory.mktemp("allowing"), f'allowed_origins=["{clinic.url}"]', "messages=1000"
    ).start()
    yield server
    server.stop()


def _chat(contexts: Callable[..., BrowserContext], server: StandIn, address: str, **options: object) -> Chat:
    chat = Chat(contexts(**options).new_page(), server.url)
    chat.page.goto(address)
    return chat


def test_one_tag_on_a_hostile_page(
    contexts: Callable[..., BrowserContext], allowing: StandIn, clinic: Clinic
) -> None:
    """Aggressive resets, a 62.5 % root, jQuery and AMD globals, polluted prototypes and a strict policy."""
    policy = (
        f"default-src 'none'; script-src 'self' {allowing.url}; style-src 'self'; img-src data:; "
        f"connect-src {allowing.url} {allowing.url.replace('http', 'ws')}"
    )
    tag = f'<script src="{allowing.url}/chat/widget.js" data-title="Ask us" data-accent="#fde047"></script>'
    chat = _chat(contexts, allowing, clinic.page(tag, policy, HOSTILE_STYLE, HOSTILE_SCRIPT))
    box = chat.launcher.bounding_box()
    assert box and box["height"] == 56 and box["x"] > 800, "the page cannot move or shrink the launcher"
    chat.open()
    expect(chat.panel.locator("h2")).to_have_text("Ask us")
    answer = chat.ask("table")
    expect(answer.get_by_role("table")).to_be_visible()
    assert chat.overflow() == []
    style = answer.locator("p").first.evaluate(
        "e => { const s = getComputedStyle(e); return [s.fontSize, s.letterSpacing, s.textTransform, s.visibility] }"
    )
    assert style == ["16px", "normal", "none", "visible"]
    ink = chat.panel.locator("h2").evaluate("e => getComputedStyle(e).color")
    assert ink == "rgb(0, 0, 0)", "dark writing on the clinic's light colour"
    assert chat.page.evaluate("[typeof $, window.io.evil]") == ["function", True], (
        "the page's globals are left alone"
    )
    assert chat.faults == []


def test_the_page_keeps_its_own_look(
    contexts: Callable[..., BrowserContext], allowing: StandIn, clinic: Clinic
) -> None:
    tag = f'<p class="panel bubble message">The clinic\'s own</p><script src="{allowing.url}/chat/widget.js"></script>'
    chat = _chat(contexts, allowing, clinic.page(tag))
    own = chat.page.locator("p.panel")
    before = own.evaluate("e => JSON.stringify(e.getBoundingClientRect()) + getComputedStyle(e).cssText")
    chat.open()
    assert (
        own.evaluate("e => JSON.stringify(e.getBoundingClientRect()) + getComputedStyle(e).cssText") == before
    )
    assert chat.page.evaluate("document.styleSheets.length + document.adoptedStyleSheets.length") == 1


def test_a_foreign_origin_is_refused_for_websocket_and_polling(
    contexts: Callable[..., BrowserContext], stand_in: StandIn, clinic: Clinic
) -> None:
    """The shared stand-in allows its own origin only."""
    tag = f'<script src="{stand_in.url}/chat/widget.js" data-open></script>'
    chat = _chat(contexts, stand_in, clinic.page(tag))
    expect(chat.status).to_contain_text("Connection lost")
    chat.page.wait_for_timeout(1500)
    expect(chat.bot).to_have_count(0)
    refused = chat.page.evaluate(
        """async server => {
          const socket = new WebSocket(server.replace('http', 'ws') + '/chat/socket.io/?EIO=4&transport=websocket');
          const opened = await new Promise(done => {
            socket.onopen = () => done(true);
            socket.onerror = () => done(false);
          });
          const address = server + '/chat/socket.io/?EIO=4&transport=polling';
          const polled = await fetch(address).then(r => r.status, () => 'refused');
          return [opened, polled];
        }""",
        stand_in.url,
    )
    assert refused == [False, "refused"]


def test_an_inline_element_with_options(
    contexts: Callable[..., BrowserContext], allowing: StandIn, clinic: Clinic
) -> None:
    body = (
        f'<script src="{allowing.url}/chat/widget.js" defer></script>'
        '<hair-answers-chat heading="Our assistant" greeting="off" theme="dark" accent="url(evil)"></hair-answers-chat>'
    )
    chat = _chat(contexts, allowing, clinic.page(body))
    expect(chat.panel).to_be_visible()
    expect(chat.page.locator("hair-answers-chat")).to_have_count(1)
    expect(chat.launcher).to_have_count(0)
    expect(chat.panel.get_by_role("heading", name="Our assistant")).to_be_visible()
    assert chat.panel.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(20, 28, 34)"
    expect(chat.page.locator("hair-answers-chat .frame[data-line=ready]")).to_be_visible()
    expect(chat.bot).to_have_count(0)
    chat.ask("hello")
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_visible()
    assert chat.violations() == []


def test_left_position_and_own_label(
    contexts: Callable[..., BrowserContext], allowing: StandIn, clinic: Clinic
) -> None:
    tag = f'<script src="{allowing.url}/chat/widget.js" data-position="left" data-label="Fragen?"></script>'
    chat = _chat(contexts, allowing, clinic.page(tag))
    box = chat.launcher.bounding_box()
    assert box and box["x"] == 20
    expect(chat.launcher).to_have_text("Fragen?")


def test_the_page_context_is_whitelisted_and_without_the_query(
    contexts: Callable[..., BrowserContext], allowing: StandIn, clinic: Clinic
) -> None:
    tag = f'<script src="{allowing.url}/chat/widget.js"></script>'
    clinic.page(tag)
    clinic.pages["/page?patient=Jane#x"] = clinic.pages["/page"]
    clinic.pages["/page?patient=Jane"] = clinic.pages["/page"]
    chat = _chat(contexts, allowing, f"{clinic.url}/page?patient=Jane#x").open()
    chat.say("context")
    expect(chat.bot).to_have_count(3)
    told = chat.last.locator(".words").inner_text()
    assert told == f'{{"page": "{clinic.url}/page", "title": "Clinic", "lang": "en"}}'
