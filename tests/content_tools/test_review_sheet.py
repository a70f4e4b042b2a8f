"""The review sheet: one page with everything a clinician needs to sign."""

import shutil
from datetime import date
from html.parser import HTMLParser

import pytest

from hair_answers.content_tools import review_sheet

FAQ = "data/faq/causes.yml"


class Reader(HTMLParser):
    """Counts the articles and checks that every element is closed."""

    VOID = {"meta", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.articles = [], 0

    def handle_starttag(self, tag, attrs):
        self.articles += tag == "article"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def page(tiny, tmp_path):
    """Write the page and return its text."""

    def write(*arguments, today=date(2026, 3, 1)):
        target = tmp_path / "sheet.html"
        assert (
            review_sheet.main([str(target), "--no-pdf", "--root", str(tiny.root), *arguments], today=today)
            == 0
        )
        return target.read_text(encoding="utf-8")

    return write


def test_every_answer_is_there_with_what_it_rests_on(page):
    text = page()
    reader = Reader()
    reader.feed(text)
    assert reader.articles == 3
    assert reader.open == []
    for part in (
        "Stress can make hair shed.",
        "S46: A leaflet. A society (verified, read 2026-01-10)",
        'href="https://leaflet.example/page"',
        "moderate (origin: both)",
        "2026-07-10",
        "B39 (ok): A claim",
        "Signature",
    ):
        assert part in text


def test_signed_answer_shows_who_signed(tiny, page):
    tiny.replace(
        FAQ, "clinical_review: pending", "clinical_review: {name: A. Reader, role: GP, date: 2026-02-01}"
    )
    text = page()
    assert "Signed by A. Reader, GP, 2026-02-01." in text
    assert text.count("Signature") == 2


def test_overdue_answers_stand_out(page):
    assert page(today=date(2026, 7, 11)).count(": overdue") == 3


def test_markup_of_an_answer_cannot_break_the_page(tiny, page):
    tiny.replace(FAQ, "Stress can make hair shed.", "<script>x</script> **bold**")
    text = page()
    assert "<script>" not in text
    assert "<strong>bold</strong>" in text


def test_unknown_topic_is_refused(tiny, tmp_path, capsys):
    assert review_sheet.main([str(tmp_path / "s.html"), "--root", str(tiny.root), "--topic", "moon"]) == 1
    assert "'moon' is not a topic → use: causes" in capsys.readouterr().err


def test_without_a_browser_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(review_sheet.shutil, "which", lambda name: None)
    assert review_sheet.print_pdf(tmp_path / "s.html").startswith("No PDF: no Chromium")


@pytest.mark.skipif(not any(map(shutil.which, review_sheet.BROWSERS)), reason="no Chromium on this machine")
def test_chromium_prints_a_pdf(page, tmp_path):
    page()
    assert review_sheet.print_pdf(tmp_path / "sheet.html").startswith("Wrote")
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
