"""`make insights`: one HTML page of what people ask, what they get, and what is missing. No personal data."""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

from hair_answers.channels.website.feedback import RATINGS
from hair_answers.knowledge.library import Library
from hair_answers.nlu.encoder import SentenceEncoder
from hair_answers.operations.clusters import Cluster, cluster, unanswered
from hair_answers.operations.feedback import shared_feedback
from hair_answers.operations.settings import archives, conversations, parser, run_command
from hair_answers.operations.turns import Turn, read_turns

OUTCOMES = {
    "answered": "answered",
    "offered": "offered",
    "unanswered": "unanswered",
    "out of scope": "out",
    "failed": "failed",
}
ROWS = 25  # of the longer tables
SHOWN = 3  # questions of a cluster
LONGEST = 140  # characters of a question
PAGE = Path(__file__).parent / "insights.html"

Titles = Mapping[str, str]


def page(
    turns: Sequence[Turn],
    clusters: Sequence[Cluster],
    opinions: Iterable[Mapping[str, Any]],
    titles: Titles,
    days: int,
    zone: ZoneInfo,
    now: datetime,
) -> str:
    """The whole report as self-contained HTML."""
    sections = [
        _section("Questions by day", _by_day(turns, days, zone, now)),
        _section("Topics", _bars(_topics(turns))),
        _section("Answers given most", _bars(_answers(turns, titles))),
        _section("Without an answer, by meaning", _clusters(clusters, titles)),
        _section("Opinions", _opinions(opinions, titles)),
        _section("Safety answers", _bars(Counter(f"tier {t.tier}" for t in turns if t.tier is not None))),
        _section("Last answer before people left", _bars(_last(turns, titles))),
        _section("Channels", _bars(Counter(turn.channel for turn in turns))),
        _section("Hours of the day", _bars(_hours(turns, zone), ordered=True)),
    ]
    period = f"{now - timedelta(days=days):%d %b %Y} to {now:%d %b %Y}, hours in {zone.key}"
    fields = {"period": escape(period), "numbers": _numbers(turns), "sections": "\n".join(sections)}
    return Template(PAGE.read_text(encoding="utf-8")).substitute(fields)


def _numbers(turns: Sequence[Turn]) -> str:
    outcomes = Counter(turn.outcome for turn in turns)
    shown = {
        "conversations": str(len({turn.conversation for turn in turns})),
        "messages": str(len(turns)),
        **{name: _share(outcomes[name], len(turns)) for name in OUTCOMES},
        "asked for a person": str(sum(any(a.startswith("handoff/") for a in turn.answers) for turn in turns)),
    }
    return "".join(
        f'<div class="number"><b>{value}</b><span>{name}</span></div>' for name, value in shown.items()
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body or '<p>Nothing yet.</p>'}</section>"


def _by_day(turns: Sequence[Turn], days: int, zone: ZoneInfo, now: datetime) -> str:
    """Stacked bars, one a day, as SVG."""
    last = now.astimezone(zone).date()
    dates = [last - timedelta(days=days - 1 - number) for number in range(days)]
    counts: dict[Any, Counter[str]] = {date: Counter() for date in dates}
    for turn in turns:
        date = datetime.fromtimestamp(turn.when, zone).date()
        if date in counts:
            counts[date][turn.outcome] += 1
    most = max((sum(count.values()) for count in counts.values()), default=0) or 1
    width, parts = 960 / days, []
    for place, date in enumerate(dates):
        top = 180.0
        for name, style in OUTCOMES.items():
            height = 170 * counts[date][name] / most
            top -= height
            tip = f"<title>{date:%d %b}: {counts[date][name]} {name}</title>"
            where = f'x="{place * width + 1:.1f}" y="{top:.1f}" width="{max(width - 2, 1):.1f}" height="{height:.1f}"'
            parts.append(f'<rect class="{style}" {where}>{tip}</rect>' if height else "")
        if place % max(1, days // 8) == 0:
            parts.append(f'<text x="{place * width:.1f}" y="196">{date:%d %b}</text>')
    keys = "".join(f'<i class="key {style}"></i>{name}' for name, style in OUTCOMES.items())
    label = f'role="img" aria-label="Messages by day and outcome, at most {most} a day"'
    return f'<svg viewBox="0 0 960 200" {label}>{"".join(parts)}</svg><p>{keys}</p>'


def _bars(counts: Mapping[str, int], ordered: bool = False) -> str:
    rows = (
        list(counts.items()) if ordered else sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:ROWS]
    )
    most = max((count for _, count in rows), default=0)
    if not most:
        return ""
    cells = (
        f'<tr><td>{escape(name)}</td><td class="n">{count}</td>'
        f'<td class="w"><span class="bar" style="width:{100 * count / most:.0f}%"></span></td></tr>'
        for name, count in rows
    )
    return f"<table>{''.join(cells)}</table>"


def _topics(turns: Sequence[Turn]) -> Counter[str]:
    return Counter(
        key.partition("/")[0].replace("_", " ")
        for turn in turns
        for key in turn.answers
        if not key.startswith("fallback/")
    )


def _answers(turns: Sequence[Turn], titles: Titles) -> Counter[str]:
    return Counter(titles[key] for turn in turns for key in turn.answers if key in titles)


def _last(turns: Sequence[Turn], titles: Titles) -> Counter[str]:
    latest: dict[str, Turn] = {}
    for turn in turns:
        if turn.conversation not in latest or turn.when >= latest[turn.conversation].when:
            latest[turn.conversation] = turn
    ends = (turn.answers[-1] if turn.answers else "no answer" for turn in latest.values())
    return Counter(titles.get(end, end) for end in ends)


def _hours(turns: Sequence[Turn], zone: ZoneInfo) -> dict[str, int]:
    counts = Counter(datetime.fromtimestamp(turn.when, zone).hour for turn in turns)
    return {f"{hour:02d}:00": counts[hour] for hour in range(24)} if counts else {}


def _clusters(clusters: Sequence[Cluster], titles: Titles) -> str:
    if not clusters:
        return ""
    head = (
        '<tr><th>Questions</th><th class="n">times</th><th class="n">people</th><th>Nearest answer</th></tr>'
    )
    rows = []
    for found in clusters[:ROWS]:
        asked = "<br>".join(escape(question[:LONGEST]) for question in found.questions[:SHOWN])
        more = f"<br>… and {len(found.questions) - SHOWN} more" if len(found.questions) > SHOWN else ""
        nearest = escape(titles.get(found.suggestion, found.suggestion))
        numbers = f'<td class="n">{found.count}</td><td class="n">{found.people}</td>'
        rows.append(f"<tr><td>{asked}{more}</td>{numbers}<td>{nearest}</td></tr>")
    return f"<table>{head}{''.join(rows)}</table><p>Run <code>make review</code> to teach them.</p>"


def _opinions(opinions: Iterable[Mapping[str, Any]], titles: Titles) -> str:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for opinion in opinions:
        if opinion.get("rating") in RATINGS:
            counts[str(opinion.get("answer"))][str(opinion.get("reason") or opinion["rating"])] += 1
            counts[str(opinion.get("answer"))]["all " + str(opinion["rating"])] += 1
    if not counts:
        return ""
    rows = []
    for answer, count in sorted(counts.items(), key=lambda row: (-row[1]["all down"], row[0]))[:ROWS]:
        why = ", ".join(
            f"{name.replace('_', ' ')} {n}"
            for name, n in count.items()
            if name[:4] != "all " and name not in RATINGS
        )
        cells = f'<td class="n">{count["all up"]}</td><td class="n">{count["all down"]}</td><td>{escape(why)}</td>'
        rows.append(f"<tr><td>{escape(titles.get(answer, answer))}</td>{cells}</tr>")
    head = '<tr><th>Answer</th><th class="n">helpful</th><th class="n">not</th><th>Reasons</th></tr>'
    return f"<table>{head}{''.join(rows)}</table>"


def insights(arguments: Sequence[str] | None = None) -> int:
    """Write the page and say where it is."""
    options = parser("Write the insights page.")
    options.add_argument("--days", type=int, default=30)
    options.add_argument("--out", type=Path, default=Path("results/insights.html"))
    given = options.parse_args(arguments)
    library = Library.default()
    turns = read_turns(conversations(given.endpoints), archives(given.endpoints), given.days)
    missed = unanswered(turns)
    clusters = cluster(missed, lambda texts: SentenceEncoder().encode_many(list(texts))) if missed else []
    titles = {key: answer.title for key, answer in library.answers.items()}
    zone = ZoneInfo(library.clinic.timezone)
    text = page(
        turns,
        clusters,
        [dict(row._mapping) for row in shared_feedback().all()],
        titles,
        given.days,
        zone,
        datetime.now(timezone.utc),
    )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    draft = given.out.with_suffix(".part")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, given.out)
    print(f"{len(turns)} messages of {given.days} days: {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(insights))
