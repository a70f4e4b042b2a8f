"""The chat as a person uses it: what the browser tests say instead of selectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATIENCE = 10_000  # ms


class Chat:
    """One tab with the chat in it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.faults: list[str] = []
        self.foreign: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self.faults.append(line.text) if line.type == "error" else None)
        page.on("request", lambda request: self._note(request.url))
        page.set_default_timeout(PATIENCE)

    def _note(self, address: str) -> None:
        if not address.startswith((self.url, self.url.replace("http", "ws", 1), "data:", "blob:", "about:")):
            self.foreign.append(address)

    def visit(self, path: str = "/chat/") -> Chat:
        """Load the page; the chat is still closed."""
        self.page.goto(self.url + path)
        expect(self.launcher.or_(self.panel).filter(visible=True).first).to_be_visible()
        return self

    def open(self) -> Chat:
        """Open the chat and wait for the bot's first words."""
        self.launcher.click()
        expect(self.bot.first).to_be_visible()
        return self

    @property
    def launcher(self) -> Locator:
        """The round button in the corner."""
        return self.page.locator("hair-answers-chat .launcher")

    @property
    def panel(self) -> Locator:
        """The window."""
        return self.page.locator("hair-answers-chat .panel")

    @property
    def field(self) -> Locator:
        """Where a question is typed."""
        return self.page.locator("hair-answers-chat textarea")

    @property
    def bot(self) -> Locator:
        """All messages of the bot."""
        return self.page.locator("hair-answers-chat .message.bot")

    @property
    def mine(self) -> Locator:
        """All messages of the person."""
        return self.page.locator("hair-answers-chat .message.user")

    @property
    def status(self) -> Locator:
        """The line that tells of trouble."""
        return self.page.locator("hair-answers-chat .status")

    @property
    def last(self) -> Locator:
        """The bot's latest message."""
        return self.bot.last

    def say(self, text: str) -> None:
        """Type and press Enter."""
        self.field.fill(text)
        self.field.press("Enter")

    def ask(self, text: str) -> Locator:
        """Type a question and wait for its answer."""
        before = self.bot.count()
        self.say(text)
        return self._answer(before)

    def tap(self, chip: Locator) -> Locator:
        """Tap a chip and wait for its answer."""
        before = self.bot.count()
        chip.click()
        return self._answer(before)

    def _answer(self, before: int) -> Locator:
        expect(self.bot.nth(before)).to_be_visible()
        expect(self.mine.last).to_have_class("message user sent")
        return self.bot.nth(before)

    def menu(self, item: str) -> None:
        """Choose from the menu."""
        self.page.get_by_role("button", name="More options").click()
        self.page.get_by_role("button", name=item).click()

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA and good practice, one line each."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        # Colours are measured where the window stands, not halfway through its entrance.
        self.page.wait_for_function(
            "() => document.querySelector('hair-answers-chat').shadowRoot.getAnimations().every("
            "a => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity)"
        )
        found: list[dict[str, Any]] = self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags}).then(r => r.violations)", WCAG
        )
        return [
            f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for rule in found
            for node in rule["nodes"]
        ]

    def overflow(self) -> list[str]:
        """Elements of the chat that stick out of the window sideways."""
        return self.page.evaluate(
            """() => {
              const root = document.querySelector('hair-answers-chat').shadowRoot;
              const box = root.querySelector('.panel').getBoundingClientRect();
              const shown = e => !e.closest('.sr, svg, dialog, thead, [hidden]');
              return [...root.querySelectorAll('.panel *')].filter(shown).filter(e => {
                const r = e.getBoundingClientRect();
                return r.width && (r.right > box.right + 1 || r.left < box.left - 1);
              }).map(e => e.outerHTML.slice(0, 120));
            }"""
        )

    def small_targets(self, least: int) -> list[str]:
        """Buttons, fields and folded lines of the chat that are under `least` px high or wide."""
        return self.page.evaluate(
            """least => {
              const root = document.querySelector('hair-answers-chat').shadowRoot;
              const all = [...root.querySelectorAll('button, textarea, summary, a.line')];
              return all.filter(e => e.checkVisibility()).filter(e => {
                const r = e.getBoundingClientRect();
                return r.height < least || r.width < least;
              }).map(e => JSON.stringify(e.getBoundingClientRect()) + e.outerHTML.slice(0, 100));
            }""",
            least,
        )
