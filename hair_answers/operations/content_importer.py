"""Rasa's own file importer, for answers whose metadata holds dates.

YAML reads `reviewed: 2026-11-22` as a date; Rasa stores the domain as JSON, which has none. Clinic staff should not
have to know that, so the dates become ISO text here.
"""

from __future__ import annotations

import warnings
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.shared.importers import utils
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData


def plain(value: Any) -> Any:
    """Return `value` with every date in it written as ISO 8601 text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


@lru_cache(maxsize=2)
def _read(files: tuple[tuple[str, float], ...], language: str) -> TrainingData:
    """Read the files named with their times of change: one training asks four times, seconds each."""
    data = utils.training_data_from_paths([name for name, _ in files], language)
    data.responses = plain(data.responses)
    return data


class ContentImporter(RasaFileImporter):
    """Reads config, domain and data as Rasa does."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        **_: Any,
    ) -> None:
        super().__init__(config_file, domain_path, training_data_paths)
        # Custom actions answer follow_up/… and its like, and the matcher selects the responses: neither is a fault.
        warnings.filterwarnings("ignore", message="Your training data contains an example")
        warnings.filterwarnings("ignore", message="You have defined training data with examples for training")
        # The entity finder reads the look-ups itself: no featurizer is needed.
        warnings.filterwarnings(
            "ignore", message="You have defined training data consisting of lookup tables"
        )

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return phrases and responses, the latter with plain metadata."""
        files = tuple((name, Path(name).stat().st_mtime) for name in self._nlu_files)
        return _read(files, language or "en")
