"""Puts a tuned model where the bot reads it, and its digest into the module that reads it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import onnx

ROOT = Path(__file__).parents[1]


def install(
    model: onnx.ModelProto, reader: ModuleType, write: Callable[[onnx.ModelProto, Path], None]
) -> None:
    """Write the model to the module's MODEL and its digest to MODEL_SHA256."""
    assert reader.__file__
    write(model, reader.MODEL)
    digest = hashlib.sha256(reader.MODEL.read_bytes()).hexdigest()
    source = Path(reader.__file__)
    named = re.sub(
        r'^MODEL_SHA256 = ".*"$',
        f'MODEL_SHA256 = "{digest}"',
        source.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    source.write_text(named, encoding="utf-8")
    print(f"wrote {reader.MODEL.name} ({reader.MODEL.stat().st_size / 1e6:.1f} MB), sha256 {digest}")
