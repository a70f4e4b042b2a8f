"""`make check-model`: what the trained matcher knows and says about itself."""

from __future__ import annotations

import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hair_answers.nlu import calibration
from hair_answers.nlu.matcher import Matcher
from hair_answers.operations.training import MODEL, ROOT, is_current

# What the calibration reports of itself, in plain words; shares are of the questions that answers exist for.
MEANING = {
    "own_answer_first": "unseen phrases whose own answer came first",
    "serving_answer_first": "unseen phrases whose own or a serving answer came first",
    "expected_calibration_error": "mean gap between said and seen probability",
    "answered": "unseen phrases answered outright",
    "unknown_not_answered": "questions without an answer that were not answered",
}


def read_matcher(model: Path) -> Matcher:
    """Return the matcher of a stored model; FileNotFoundError names the cure."""
    if not model.is_file():
        raise FileNotFoundError(f"{model} does not exist. Cure: run `make train`.")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(model) as archive:
        wanted = [entry for entry in archive.getmembers() if "AnswerMatcher" in entry.name and entry.isfile()]
        if not wanted:
            raise FileNotFoundError(
                f"{model} holds no AnswerMatcher. Cure: see config.yml, then `make train`."
            )
        for entry in wanted:
            entry.name = Path(entry.name).name
            archive.extract(entry, folder)
        return Matcher.load(Path(folder))


def report(matcher: Matcher) -> Iterator[str]:
    """Yield the lines of the report."""
    found = matcher.calibration
    topics = Counter(key.partition("/")[0] for key in matcher.keys)
    counts = matcher.classifier.counts
    yield f"Keys     {len(matcher.keys)}, with {len(matcher.phrases)} phrases"
    yield f"         phrases a key: {counts.min()} to {counts.max()}, {counts.mean():.1f} on average"
    yield "         " + ", ".join(f"{topic} {count}" for topic, count in sorted(topics.items()))
    yield ""
    wrong, missed = calibration.WRONG_ANSWERS_AT_MOST, calibration.MISSED_OFFERS_AT_MOST
    yield f"Answer   from a probability of {found.answer_from:.2f}: at most {wrong:.0%} wrong answers"
    yield f"Offer    from {found.offer_from:.2f}: at most {missed:.0%} of good offers lost; below, ask again"
    yield ""
    yield "Measured on the training phrases, each left out with a tenth of the others:"
    for name, meaning in MEANING.items():
        yield f"  {found.report[name]:6.1%}  {meaning}"


def main() -> int:
    """Print the report of the project's model."""
    try:
        matcher = read_matcher(ROOT / MODEL)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(report(matcher)))
    if not is_current(ROOT):
        print("\nContent or code has changed since this model was trained. Cure: `make train`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
