"""Loose names: what benchmark files call a model or an accelerator, matched to the catalogue's names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from tco.describe.hardware import Hardware
from tco.describe.model import Model
from tco.errors import UnknownNameError

Profile = TypeVar("Profile", Hardware, Model)
# Words that do not tell one model or accelerator from another.
NOISE = frozenset(
    {"nvidia", "amd", "intel", "instinct", "geforce", "radeon", "huawei", "google", "gpu", "card", "oam",
     "instruct", "chat", "it", "hf", "meta", "ai", "dynamic", "preview", "fp8", "fp4", "fp16", "bf16", "nvfp4", "mxfp4",
     "awq", "gptq", "gguf", "int4", "int8"}
)  # fmt: skip
_MEMORY = re.compile(r"\d+(gb|gib|g)")
_PART = re.compile(r"\d+\.\d+|[a-z]+|\d+")


def words(name: str) -> tuple[str, ...]:
    """Words and numbers of a name in their order, without owner and without words that tell nothing."""
    plain = name.lower().rpartition("/")[2]
    kept = [part for part in re.split(r"[^a-z0-9.]+", plain) if part and part not in NOISE]
    return tuple(piece for part in kept for piece in _PART.findall(part))


def without_memory(name: str) -> str:
    """A name without its memory size: a profile holds that itself."""
    return " ".join(part for part in re.split(r"[\s_-]+", name.lower()) if not _MEMORY.fullmatch(part))


def loosely(find: Callable[[str], Profile], profiles: Callable[[], Iterable[Profile]]) -> Callable[[str], Profile]:
    """Find by exact name or alias; else by the same words; else without memory sizes, where only one fits.

    Raises UnknownNameError, that of the exact search, where none or several fit.
    """
    tables: list[dict[tuple[str, ...], set[str]]] = []

    def found(name: str) -> Profile:
        try:
            return find(name)
        except UnknownNameError:
            tables.extend(_tables(profiles()) if not tables else ())
            for table, key in zip(tables, (words(name), words(without_memory(name))), strict=True):
                ids = table.get(key, set())
                if len(ids) == 1:
                    return find(next(iter(ids)))
            raise

    return found


def _tables(profiles: Iterable[Hardware | Model]) -> list[dict[tuple[str, ...], set[str]]]:
    exact: dict[tuple[str, ...], set[str]] = {}
    loose: dict[tuple[str, ...], set[str]] = {}
    for profile in profiles:
        for name in (profile.id, profile.name, *profile.aliases):
            exact.setdefault(words(name), set()).add(profile.id)
            loose.setdefault(words(without_memory(name)), set()).add(profile.id)
    return [exact, loose]
