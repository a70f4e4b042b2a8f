"""Read a YAML file once, with the line number of every key, through the fast C parser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hair_answers.knowledge.problem import ContentError, Problem, Report

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # PyYAML built without libyaml: the same result, slower
    from yaml import SafeLoader  # type: ignore[assignment]

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class YamlFile:
    """A parsed file: its name for messages, its data, and the line (from 1) on which each key path starts."""

    name: str
    data: Any
    lines: Mapping[KeyPath, int]
    duplicates: tuple[KeyPath, ...]

    def line(self, *path: str | int) -> int:
        """Line of the deepest known part of `path`; 0 when nothing of it is in the file."""
        for length in range(len(path), 0, -1):
            found = self.lines.get(path[:length])
            if found:
                return found
        return 0

    def problem(self, key: str, what: str, cure: str, *path: str | int) -> Problem:
        """A problem of this file, placed at `path`."""
        return Problem(self.name, self.line(*path), key, what, cure)


def read_yaml(path: Path, root: Path) -> YamlFile:
    """Parse `path`; raises ContentError when the file is missing or is not YAML."""
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    try:
        loader = SafeLoader(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ContentError(
            [Problem(name, 0, "file", "is missing", f"restore {name} from version control")]
        ) from error
    except UnicodeDecodeError as error:
        raise ContentError([Problem(name, 0, "file", "is not UTF-8 text", "save it as UTF-8")]) from error
    try:
        node = loader.get_single_node()
        data = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise ContentError([_syntax_problem(name, error)]) from error
    finally:
        loader.dispose()
    lines: dict[KeyPath, int] = {}
    duplicates: list[KeyPath] = []
    if node is not None:
        for path_, line in _walk(node, ()):
            if path_ in lines:
                duplicates.append(path_)
            lines.setdefault(path_, line)
    return YamlFile(name, data, lines, tuple(duplicates))


def expect_mapping(file: YamlFile, report: Report) -> dict[str, Any]:
    """The file's top level as a mapping; an empty or wrong one is reported and read as empty."""
    if isinstance(file.data, dict):
        return file.data
    found = type(file.data).__name__
    report(
        Problem(file.name, 1, "file", f"holds a {found}, not named entries", "start each entry with `name:`")
    )
    return {}


def _walk(node: yaml.Node, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    """Every key path below `node` with its line, counted from 1."""
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            here = (*path, str(key_node.value))
            yield here, key_node.start_mark.line + 1
            yield from _walk(value_node, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            here = (*path, index)
            yield here, item.start_mark.line + 1
            yield from _walk(item, here)


def _syntax_problem(name: str, error: yaml.YAMLError) -> Problem:
    """A YAML error in plain words."""
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 0
    what = getattr(error, "problem", None) or str(error)
    return Problem(
        name, line, "file", f"is not valid YAML ({what})", "check quotes, colons and indentation there"
    )
