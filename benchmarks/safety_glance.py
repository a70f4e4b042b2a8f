"""What the safety gate lets pass at a glance: `python -m benchmarks.safety_glance`.

Counts the messages of the tuning set (tests/safety) and real people's development questions that words and letters
alone call plainly harmless, so that the encoder does not read them; a sign in the message would still have it read.
"""

from __future__ import annotations

from benchmarks.safety import MODEL, NEGATIVE, line, read_rows, real_texts, unpacked
from hair_answers.nlu import text_cleaner
from hair_answers.nlu.safety_glance import SafetyGlance


def main() -> None:
    """Count and print."""
    with unpacked(MODEL) as folder:
        glance = SafetyGlance.load(next(folder.rglob("*SafetyGate*")))
    rows = read_rows("tuning")
    for name, texts in (
        ("in need, let pass", [row.text for row in rows if row.kind != NEGATIVE]),
        ("hard negatives, let pass", [row.text for row in rows if row.kind == NEGATIVE]),
        ("development questions, let pass", real_texts("in_domain")),
    ):
        print(line(name, sum(glance.is_plain(text_cleaner.clean(text)) for text in texts), len(texts)))


if __name__ == "__main__":
    main()
