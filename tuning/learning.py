"""How a transformer learns to tell the safety answers and harmless messages apart; what both tunings share."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel, get_linear_schedule_with_warmup

BATCH_TOKENS = 900  # tokens of a batch, padding counted
FULLNESS = 1.15  # batches are this many times more than if all were full
SORTED_TOGETHER = 3000  # examples whose batches are made by length
RATE_DECAY = 0.9  # of the rate of each layer below: the lower ones know more that is general
WARM_UP = 0.06  # share of the steps
SMOOTHING = 0.05  # of the labels
STEEPEST = 1.0  # norm of a gradient
DROPPED = 0.1  # share of the mean vector left out at random
REPORT_EVERY = 100  # steps

Lines = Sequence[Sequence[int]]  # the tokens of each example


@dataclass(frozen=True)
class Pace:
    """How quickly what learns."""

    rate: float  # of the transformer's last layer
    head_rate: float  # of what tells the answers apart
    frozen: int = 0  # lowest layers, which stay as they are

    def times(self, factor: float) -> Pace:
        """Return a slower or faster pace."""
        return Pace(self.rate * factor, self.head_rate * factor, self.frozen)


class Tuned(nn.Module):
    """A transformer with a linear layer over the mean of its token vectors."""

    def __init__(self, encoder: PreTrainedModel, answers: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.drop = nn.Dropout(DROPPED)
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


def padded(lines: Lines, padding: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token lists as one matrix, and where it holds tokens."""
    tokens = [torch.tensor(own) for own in lines]
    ids = nn.utils.rnn.pad_sequence(tokens, batch_first=True, padding_value=padding)
    lengths = torch.tensor([len(own) for own in lines])
    return ids, (torch.arange(ids.shape[1]) < lengths[:, None]).long()


def groups(model: Tuned, pace: Pace) -> list[dict[str, object]]:
    """Return what learns, with its rate; the embeddings do not, so rare words keep the meaning they had."""
    model.encoder.requires_grad_(False)
    own = [{"params": list(model.answers.parameters()), "lr": pace.head_rate}]
    for depth, layer in enumerate(reversed(model.encoder.encoder.layer[pace.frozen :])):
        layer.requires_grad_(True)
        own.append({"params": list(layer.parameters()), "lr": pace.rate * RATE_DECAY**depth})
    return own


def quick_halves() -> bool:
    """Tell whether this processor multiplies half-precision numbers itself: if it must imitate that, it takes ages."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def learn(
    model: Tuned, lines: Lines, labels: Sequence[int], epochs: float, pace: Pace, chance: np.random.Generator
) -> None:
    """Teach the model which answer (label) each line of tokens gets, reporting on the way."""
    lengths = [len(own) for own in lines]
    own = groups(model.train(), pace)
    optimizer = torch.optim.AdamW(own, weight_decay=0.01)
    steps = int(sum(lengths) * FULLNESS / BATCH_TOKENS * epochs)
    schedule = get_linear_schedule_with_warmup(optimizer, int(steps * WARM_UP), steps)
    padding, halves = model.encoder.config.pad_token_id, quick_halves()
    started, losses = time.monotonic(), []
    for step, batch in enumerate(islice(batches(lengths, chance), steps), 1):
        with torch.autocast("cpu", torch.bfloat16, enabled=halves):
            told = model(*padded([lines[i] for i in batch], padding)).float()
        answers = torch.tensor([labels[i] for i in batch])
        loss = nn.functional.cross_entropy(told, answers, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([each for group in own for each in group["params"]], STEEPEST)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % REPORT_EVERY == 0:
            minutes = (time.monotonic() - started) / 60
            recent = np.mean(losses[-REPORT_EVERY:])
            print(f"step {step} of {steps}, loss {recent:.3f}, {minutes:.1f} min", flush=True)
    model.eval()
