"""Writes what the safety gate learns from for the tuning, which runs in an environment of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.sources import own_phrases
from hair_answers.nlu.safety_phrases import SafetyPhrases
from hair_answers.nlu.safety_sense import examples


def main(file: Path) -> None:
    """Write [text, key] rows, the key empty when the text is harmless."""
    texts, labels = examples(SafetyPhrases.load(), own_phrases())
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(list(zip(texts, labels.tolist(), strict=True))), encoding="utf-8")
    print(f"wrote {len(texts)} examples to {file}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
