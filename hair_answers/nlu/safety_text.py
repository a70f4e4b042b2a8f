"""Typed text as the safety gate reads it: plain words, slips repaired, sentences and clauses marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from hair_answers.nlu.encoder import VOCABULARY
from hair_answers.nlu.text_cleaner import plain_characters, whole_words

ONE_SLIP_FROM = 4  # letters
TWO_SLIPS_FROM = 9  # letters
_SENTENCE_END = re.compile(r"[.!?;…]+(?=\s|$)|[!?;…]+|\n+")
_PIECE_END = re.compile(
    r",|\b(?:also|anyway|anyways|btw|by the way|besides|plus)\b"
    r"|\band (?=(?:can|could|how|what|is|do|does|when|where|i|my|will)\b)"
    r"|\b(?:but|because)\b|\bso (?=(?:can|how|what|is|do|does|will)\b)"
)
_TOKEN = re.compile(r"[^\W\d_]+(?:[/'][^\W\d_]+)*|\d+|[,:()\"–—-]")
_DECIMALS = re.compile(r"(\d)[.,]\d+")
_SPACED_LETTERS = re.compile(r"\b(?:[^\W\d_][ .*-]){2,}[^\W\d_]\b")
_REPEATED_LETTER = re.compile(r"([^\W\d_])\1{2,}")
_DISGUISED = re.compile(r"[a-z]+[0-9@$!|*][a-z]+(?:[0-9@$!|*]?[a-z]+)*")
_DISGUISE = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s", "!": "i", "|": "i"}
)
_SHORT_FORMS = (
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"\b(he|she|it|that|there|what|who|how|where)'s\b"), r"\1 is"),
    (re.compile(r"'s\b"), ""),
)


def spelt_out(text: str) -> str:
    """Return lower-case text without disguises, command slashes or short forms: "I can't" becomes "i can not"."""
    plain = plain_characters(text).lower().lstrip("/").strip()
    plain = _SPACED_LETTERS.sub(lambda match: re.sub(r"[ .*-]", "", match.group()), plain)
    plain = _REPEATED_LETTER.sub(r"\1\1", plain)
    plain = _DECIMALS.sub(r"\1", plain)
    for short, long in _SHORT_FORMS:
        plain = short.sub(long, plain)
    return plain


class SafetyWords:
    """The words the signs are made of: turns typed words into them."""

    def __init__(
        self,
        words: Iterable[str],
        rewrites: Mapping[str, str],
        small_words: Iterable[str],
        known: Iterable[str] = (),
    ) -> None:
        """`words` are all words of the signs, `known` other right ones; the rest is from evidence/safety.yml."""
        self._own = frozenset(words)
        self._rewrites = {word: plain.split() for word, plain in rewrites.items()}
        self.small_words = frozenset(small_words)
        self._targets = sorted(
            word
            for word in self._own | self._rewrites.keys()
            if len(word) >= ONE_SLIP_FROM and word.isalpha()
        )
        common = VOCABULARY.read_text(encoding="utf-8").splitlines()
        self._known = frozenset(common) | self._own | self._rewrites.keys() | self.small_words | set(known)

    def is_own(self, word: str) -> bool:
        """Tell a word that signs are made of."""
        return word in self._own or word in self._rewrites

    def plain(self, word: str) -> list[str]:
        """Return the plain words behind one typed word, its slip repaired."""
        if word not in self._known:
            word = self._repaired(word)
        return self._rewrites.get(word, [word])

    def is_slip(self, word: str) -> bool:
        """Tell a typed word that is read as another one."""
        return word not in self._known and self._repaired(word) != word

    def _repaired(self, word: str) -> str:
        if word.endswith("s") and word[:-1] in self._known:
            return word
        if len(word) < ONE_SLIP_FROM:
            return word
        allowed = 2 if len(word) >= TWO_SLIPS_FROM else 1
        near = process.extract(word, self._targets, scorer=OSA.distance, score_cutoff=allowed, limit=5)
        # Of equally close words the one with the same first letter: slips rarely hit it.
        return min(near, key=lambda row: (row[1], row[0][0] != word[0]))[0] if near else word


@dataclass(frozen=True)
class SafetyText:
    """A message as words without small ones; `sentence_of`, `piece_of` and `clause_of` number each word's place."""

    words: tuple[str, ...]
    sentence_of: tuple[int, ...]
    piece_of: tuple[int, ...]
    clause_of: tuple[int, ...]
    sentences: tuple[str, ...]  # plain words of each sentence, small words kept
    spoken_pieces: tuple[str, ...]  # the same of each piece: what stands between commas and connecting words
    pieces: tuple[str, ...]  # as typed, but lower case: what a question can be read from
    has_slips: bool  # whether some word is read as another than was typed


def read(text: str, vocabulary: SafetyWords) -> SafetyText:
    """Read a message of any length and script."""
    words: list[str] = []
    places: list[tuple[int, int, int]] = []
    sentences: list[str] = []
    spoken_pieces: list[str] = []
    pieces: list[str] = []
    clause, slips = 0, 0
    for sentence in filter(str.strip, _SENTENCE_END.split(spelt_out(text))):
        spoken: list[str] = []
        for piece in filter(str.strip, _PIECE_END.split(sentence)):
            clause += 1
            first = len(spoken)
            for found in _TOKEN.findall(whole_words(_undisguised(piece, vocabulary))):
                if not found[0].isalnum():
                    clause += found not in "-\"'"
                    continue
                slips += vocabulary.is_slip(found)
                for word in (part for whole in vocabulary.plain(found) for part in whole.split("/")):
                    spoken.append(word)
                    if word not in vocabulary.small_words:
                        words.append(word)
                        places.append((len(sentences), len(pieces), clause))
            pieces.append(piece.strip())
            spoken_pieces.append(" ".join(spoken[first:]))
        sentences.append(" ".join(spoken))
    sentence_of, piece_of, clause_of = zip(*places, strict=True) if places else ((), (), ())
    return SafetyText(
        tuple(words),
        sentence_of,
        piece_of,
        clause_of,
        tuple(sentences),
        tuple(spoken_pieces),
        tuple(pieces),
        slips > 0,
    )


def _undisguised(piece: str, vocabulary: SafetyWords) -> str:
    """Turn "k1ll" into "kill" when that is one of the signs' words."""

    def unmask(match: re.Match[str]) -> str:
        word = match.group().translate(_DISGUISE)
        return word if vocabulary.is_own(word) else match.group()

    return _DISGUISED.sub(unmask, piece)
