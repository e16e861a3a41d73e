"""YAML documents that know the line and column of every value, and records read from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from yaml.nodes import MappingNode, Node

from tco.errors import InvalidInputError, Problem
from tco.files.compose import MAX_NODES, Builder, compose, entries, mark
from tco.files.explain import Finding, Loc, describe, dotted, findings
from tco.files.text import MAX_BYTES, check_characters, read_text

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """A YAML file: its path as given, its plain data, what is wrong with it, and where everything is.

    ``data`` holds dicts, tuples and scalars; a value that could not be read is None and in ``problems``.
    """

    path: str
    data: dict[str, Any]
    problems: tuple[Problem, ...] = ()
    root: MappingNode | None = field(default=None, repr=False, compare=False)
    _children: dict[int, dict[str | int, tuple[Node | None, Node]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def marks(self) -> Mapping[Loc, tuple[int, int]]:
        """Line and column of every value, both from 1, by its path of keys and indexes."""
        found: dict[Loc, tuple[int, int]] = {}
        for loc, _, value_node in _walk(self.root) if self.root else ():
            found.setdefault(loc, mark(value_node))
        return found

    def mark(self, loc: Loc, *, key: bool = False) -> tuple[int, int]:
        """Line and column of the value at ``loc``, or of its key; of the nearest one around it if there is none."""
        node: Node | None = self.root
        at = (1, 1) if node is None else mark(node)
        for part in loc:
            found = self._inside(node).get(part) if node is not None else None
            if found is None:
                break
            key_node, node = found
            at = mark(key_node if key and key_node is not None else node)
        return at

    def _inside(self, node: Node) -> dict[str | int, tuple[Node | None, Node]]:
        known = self._children.get(id(node))
        if known is None:
            known = self._children[id(node)] = {}
            for part, key_node, value_node in entries(node):
                known.setdefault(part, (key_node, value_node))
        return known

    def problem(self, loc: Loc, message: str, *, key: bool = False) -> Problem:
        """A problem with the value (or key) at ``loc``, for checks that need more than one record."""
        return Problem(self.path, *self.mark(loc, key=key), dotted(loc), message)


def read(path: Path) -> Document:
    """Read a YAML file of at most 5 MB.

    Raises InvalidInputError where nothing can be composed; problems of single values are kept in the document.
    """
    return _document(read_text(path), str(path))


def parse(text: str, path: str, *, max_bytes: int = MAX_BYTES, max_nodes: int = MAX_NODES) -> Document:
    """Read YAML text as ``read`` does; ``path`` is what problems name."""
    try:
        n_bytes = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        message = f"got U+{ord(text[error.start]):04X}, half of a character; expected UTF-8 text"
        raise InvalidInputError([Problem(path, 0, 0, "", message)]) from None
    if n_bytes > max_bytes:
        message = f"text is {n_bytes / 1e6:.1f} MB; expected at most {max_bytes / 1e6:g} MB"
        raise InvalidInputError([Problem(path, 0, 0, "", message)])
    text = text.removeprefix("\ufeff")
    check_characters(text, path)
    return _document(text, path, max_nodes)


def validate(document: Document, record_class: type[R], at: Loc = ()) -> R:
    """The part of a document at ``at`` as a record.

    Raises InvalidInputError with every problem of the document, of YAML and of schema, in file order.
    """
    held: Any = document.data
    for depth, part in enumerate(at):
        if not _has(held, part):
            missing = Finding(at[: depth + 1], "missing", f"missing; expected {describe(record_class)}")
            raise InvalidInputError(_all_problems(document, [missing], ()))
        held = held[part]
    try:
        record = record_class.model_validate(held)
    except ValidationError as error:
        found = findings(error, record_class, held)
        raise InvalidInputError(_all_problems(document, found, at)) from None
    if document.problems:
        raise InvalidInputError(document.problems)
    return record


def _document(text: str, path: str, max_nodes: int = MAX_NODES) -> Document:
    root, problems = compose(text, path, max_nodes)
    builder = Builder()
    data = builder.value(root)
    if builder.wrong:
        names: dict[int, Loc] = {}
        for loc, key_node, value_node in _walk(root):
            for node in (key_node, value_node):
                names.setdefault(id(node), loc)
        problems += [
            Problem(path, *mark(node), dotted(names.get(id(node), ())), message) for node, message in builder.wrong
        ]
    return Document(path, data, tuple(sorted(dict.fromkeys(problems))), root)


def _walk(node: Node, loc: Loc = ()) -> Iterator[tuple[Loc, Node | None, Node]]:
    seen: set[str | int] = set()
    for part, key_node, value_node in entries(node):
        yield (*loc, part), key_node, value_node
        if part not in seen:
            seen.add(part)
            yield from _walk(value_node, (*loc, part))


def _all_problems(document: Document, found: list[Finding], at: Loc) -> list[Problem]:
    # A value that could not be read is None in the data: its schema error would repeat the problem.
    known = {(problem.line, problem.column) for problem in document.problems}
    problems = list(document.problems)
    for finding in found:
        problem = document.problem((*at, *finding.loc), finding.message, key=finding.kind != "value")
        if finding.kind == "missing" or (problem.line, problem.column) not in known:
            problems.append(problem)
    return sorted(dict.fromkeys(problems))


def _has(held: Any, part: str | int) -> bool:
    if isinstance(held, dict):
        return part in held
    return isinstance(held, tuple) and isinstance(part, int) and 0 <= part < len(held)
