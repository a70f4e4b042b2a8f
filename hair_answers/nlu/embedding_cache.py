"""Embeddings of training phrases, kept by phrase: training again after an edit encodes only what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from hair_answers.nlu.encoder import MODEL_SHA256, FloatArray, TextEncoder, shared_encoder


class EmbeddingCache:
    """A file of vectors named by the encoder's digest; a damaged or missing file only costs time."""

    def __init__(self, path: Path, reader: Callable[[], TextEncoder] = shared_encoder) -> None:
        """`reader` returns the encoder, opened only when something is missing."""
        self._path = path
        self._reader = reader

    @classmethod
    def default(cls) -> EmbeddingCache:
        """Return the project's cache of the matcher's encoder under .rasa/."""
        return cls(Path(".rasa") / f"embeddings-{MODEL_SHA256[:12]}.npz")

    def encode(self, phrases: list[str]) -> FloatArray:
        """Return shape (n, 384), in the order given, and keep the vectors for the next training."""
        known = self._read()
        names = [hashlib.sha256(phrase.encode()).hexdigest()[:24] for phrase in phrases]
        missing = {name: phrase for name, phrase in zip(names, phrases, strict=True) if name not in known}
        if missing:
            vectors = self._reader().encode_many(list(missing.values()), progress=len(missing) > 50)
            known.update(zip(missing, vectors, strict=True))
            self._write({name: known[name] for name in names})
        return np.stack([known[name] for name in names])

    def _read(self) -> dict[str, FloatArray]:
        try:
            with np.load(self._path, allow_pickle=False) as stored:
                return dict(zip(stored["names"].tolist(), stored["vectors"], strict=True))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return {}

    def _write(self, vectors: dict[str, FloatArray]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial.npz")
        np.savez(partial, names=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
        partial.replace(self._path)
