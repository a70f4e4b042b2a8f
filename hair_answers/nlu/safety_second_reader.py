"""A second opinion on messages that are not plainly harmless: a reader ten times as large as the gate's encoder.

The lower eight layers of all-mpnet-base-v2, tuned on the gate's phrases (tuning/), matrices in 4 bits, on one CPU
thread. It tells the safety answers apart itself: what is added to the phrases counts through the first reader, and
through this one when it is tuned anew.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from hair_answers.nlu.encoder import FloatArray, TextReader, Tokens
from hair_answers.nlu.memory import give_back

MODEL = Path(__file__).parent / "encoders" / "safety_second_reader.onnx"
MODEL_SHA256 = "06a30dde9b00e79789eee54112dbc572ffabac8ffad3537777862dd44a47491e"
SHIFT = 4  # its vocabulary is the other encoders' after four tokens of its own
BEGINNING, END = 0, 2  # of those four


class SecondReader(TextReader):
    """A text to the log odds of each of `keys` against a harmless message."""

    keys: list[str]

    def __init__(self) -> None:
        super().__init__(MODEL, MODEL_SHA256, "restore it with `git checkout hair_answers/nlu/encoders`")
        self.keys = json.loads(self._session.get_modelmeta().custom_metadata_map["keys"])

    def _rows(self, tokens: Tokens) -> FloatArray:
        odds: FloatArray = self._run({"ids": renumbered(tokens)})
        return odds


def renumbered(tokens: Tokens) -> Tokens:
    """Return the other encoders' token ids, each text's first and last being its ends, as this one's."""
    own = tokens + SHIFT
    own[..., 0], own[..., -1] = BEGINNING, END
    return own


@lru_cache(maxsize=1)
def shared_second_reader() -> SecondReader:
    """One session a process."""
    reader = SecondReader()
    give_back()
    return reader
