"""Takes the pictures of docs/screenshots from a running bot: `python -m benchmarks.screenshots [ADDRESS]`."""

from __future__ import annotations

import sys

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chat_page import Chat
from tests.browser.conftest import ARGUMENTS, DESKTOP, PHONE, ROOT, find_chromium

FOLDER = ROOT / "docs" / "screenshots"
# File name, device, light or dark, what is asked before the picture; "+" unfolds the sources of the last answer.
PICTURES = (
    ("phone-welcome", PHONE, "light", ()),
    ("phone-answer", PHONE, "light", ("what is alopecia areata", "+")),
    ("phone-steps", PHONE, "dark", ("what are the steps of the procedure",)),
    ("phone-safety", PHONE, "light", ("i want to kill myself",)),
    ("phone-comparison", PHONE, "dark", ("compare prp and hair transplant",)),
    ("desktop-answer", DESKTOP, "light", ("does stem cell therapy work for hair",)),
    ("desktop-comparison", DESKTOP, "dark", ("compare prp and hair transplant",)),
)


def take(browser: Browser, url: str, picture: tuple[str, dict, str, tuple[str, ...]]) -> None:
    """One picture of one conversation."""
    name, device, scheme, questions = picture
    context = browser.new_context(**{**device, "device_scale_factor": 1}, color_scheme=scheme)
    chat = Chat(context.new_page(), url).visit().open()
    for question in questions:
        if question == "+":
            chat.last.locator("summary").click()
        else:
            chat.ask(question)
    chat.page.mouse.move(5, 400)
    chat.page.wait_for_timeout(400)
    chat.page.screenshot(path=FOLDER / f"{name}.png")
    context.close()


def main(address: str = "http://127.0.0.1:5005") -> None:
    """Take every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for picture in PICTURES:
            take(browser, address, picture)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
