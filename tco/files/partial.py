"""What can be read of a workload that does not fit its schema, so that one run reports the names in it too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from tco.describe.candidates import Candidates
from tco.describe.offer import Tier
from tco.describe.workload import Workload
from tco.files.explain import Loc
from tco.files.marks import Document

_LEAST: dict[str, Any] = {"name": "unnamed", "demand": {"requests": 1}, "tokens": {"input": 1, "output": 1}}
_TIERS: tuple[Tier, ...] = ("api", "budget_cloud", "self_hosted")


def readable(document: Document) -> Workload:
    """The workload of the sections that fit; any other is at its default, and ``candidates`` holds only models."""
    names = Workload.model_fields.keys() & document.data.keys() - {"candidates"}
    sections = {name: document.data[name] for name in names}
    stated = document.data.get("candidates")
    sections["candidates"] = {"models": stated.get("models", ())} if isinstance(stated, dict) else {}
    fitting = {name: held for name, held in sections.items() if _fits(Workload, {**_LEAST, name: held})}
    return Workload.model_validate({**_LEAST, **fitting})


def readable_candidates(document: Document) -> Iterator[tuple[Loc, Tier, Any]]:
    """Place, tier and record of each candidate that fits by itself."""
    stated = document.data.get("candidates")
    for tier in _TIERS:
        listed = stated.get(tier) if isinstance(stated, dict) else None
        for index, candidate in enumerate(listed if isinstance(listed, tuple) else ()):
            if _fits(Candidates, {tier: (candidate,)}):
                (record,) = getattr(Candidates.model_validate({tier: (candidate,)}), tier)
                yield ("candidates", tier, index), tier, record


def _fits(record_class: type[BaseModel], held: dict[str, Any]) -> bool:
    try:
        record_class.model_validate(held)
    except ValidationError:
        return False
    return True
