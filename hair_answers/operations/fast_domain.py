"""Reads the model's own domain once.

Rasa 3.6 parses and validates a stored domain five times over, seconds of every start; it was validated before it was
stored, by the same Rasa.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.graph_components.providers.domain_provider import DomainProvider
from rasa.shared.core.domain import Domain
from rasa.shared.utils.io import read_file, read_yaml

from hair_answers.nlu.memory import give_back

STORED = "domain.yml"  # the name Rasa gives it


def load(
    cls: type[DomainProvider],
    config: dict[str, Any],
    model_storage: ModelStorage,
    resource: Resource,
    execution_context: ExecutionContext,
    **kwargs: Any,
) -> DomainProvider:
    """Return the provider of the stored domain."""
    with model_storage.read_from(resource) as folder:
        domain = Domain.from_dict(read_yaml(read_file(folder / STORED)))
    give_back()
    return cls(model_storage, resource, domain)


def install() -> None:
    """Make every load of a model use it; calling it again changes nothing."""
    DomainProvider.load = classmethod(load)
