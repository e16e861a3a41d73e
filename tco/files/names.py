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
# Words of an accelerator's name that tell its form, and words beside a name that tell nothing about its speed.
FORMS = frozenset({"sxm", "sxm2", "sxm3", "sxm4", "sxm5", "pcie", "oam", "soc", "card"})
BESIDE = frozenset(
    {"hbm2", "hbm2e", "hbm3", "hbm3e", "gddr6", "gddr6x", "gddr7", "ubb", "server", "workstation", "edition", "tesla",
     "quadro", "apple", "silicon", "mac", "studio", "macbook", "ultra-fast", "superchip", "grace", "hopper", "ampere",
     "blackwell", "lovelace", "trillium", "developer", "kit", "devkit", "module", "tensor", "core", "cores", "cpu",
     "cloud", "accelerator", "ai", "habana", "nvl72", "nvl36", "desktop", "max-q", "node", "dgx", "hgx", "series",
     "unified", "memory", "vram", "mxm", "gen", "aws", "ec2", "azure", "gcp"}
)  # fmt: skip
_CORES = re.compile(r"(\d+)[\s-]*(?:c|core|cores)(?:[\s-]*gpu)?(?![a-z0-9])")
_SLICE = re.compile(r"(v\d[a-z]?)-\d+(?![a-z0-9])")  # of a TPU: v5e-8
_ORDER_NO = re.compile(r"\bhl-?\d+[a-z]*|\bmacbook (?:pro|air)|\bmac (?:mini|studio|pro)")  # a card's or a case's
_PLAIN = re.compile(r"x\d+|\d+x|\d+c|\d+w")
SAME_CHIP = {"a800": "a100", "gb10": "dgx-spark"}  # sold under another name: same compute and memory


def words(name: str) -> tuple[str, ...]:
    """Words and numbers of a name in their order, without owner and without words that tell nothing."""
    plain = name.lower().rpartition("/")[2]
    kept = [part for part in re.split(r"[^a-z0-9.]+", plain) if part and part not in NOISE]
    return tuple(piece for part in kept for piece in _PART.findall(part))


def without_memory(name: str) -> str:
    """A name without its memory size: a profile holds that itself."""
    return " ".join(part for part in re.split(r"[\s_-]+", name.lower()) if not _MEMORY.fullmatch(part))


def loosely(find: Callable[[str], Profile], profiles: Callable[[], Iterable[Profile]]) -> Callable[[str], Profile]:
    """Find by exact name or alias; else by the same words; else without memory sizes; else the closest accelerator.

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
            nearest = closest(name, profiles())
            if nearest:
                return find(nearest)
            raise

    return found


def _chip_words(name: str) -> tuple[frozenset[str], frozenset[str], float | None]:
    """Words of a name that tell the chip, words of its form, and its memory in GB."""
    plain = _SLICE.sub(r"\1", _CORES.sub(r"\1c", name.lower()))
    sizes = [float(size) for size in re.findall(r"(\d+)\s*g(?:i?b)?(?![a-z0-9])", plain)]
    plain = re.sub(r"\d+\s*g(?:i?b)?(?![a-z0-9])", " ", plain)
    plain = re.sub(r"\bgaudi[\s-]*(\d)", r"gaudi\1", _ORDER_NO.sub(" ", plain))
    parts = [SAME_CHIP.get(part, part) for part in re.split(r"[^a-z0-9.]+", plain) if part and part not in NOISE]
    parts = [piece for part in parts for piece in part.split("-") if piece]
    form = frozenset(re.sub(r"\d+$", "", part) for part in parts if part in FORMS)
    return frozenset(part for part in parts if part not in FORMS), form, sizes[0] if sizes else None


def closest(name: str, machines: Iterable[Hardware | Model]) -> str | None:
    """The machine all of whose chip's words the name has, and whose other words say nothing else; None without one.

    Of several the most words win, then the memory stated, the form stated, SXM before other forms, more cores.
    """
    asked, asked_form, asked_gb = _chip_words(name)
    best: tuple[tuple[float, ...], str] | None = None
    for machine in machines:
        if not isinstance(machine, Hardware):
            return None
        for called in (machine.name, machine.id, *machine.aliases):
            words_of, form, _ = _chip_words(called)
            chip = words_of - BESIDE
            cores = {word for word in chip if re.fullmatch(r"\d+c", word)}
            needed = chip - cores
            rest = asked - needed - cores - BESIDE
            if not needed or not needed <= asked or any(not _PLAIN.fullmatch(word) for word in rest):
                continue
            gb = machine.memory_gb.value if machine.memory_gb else 0.0
            n_cores = max((float(word[:-1]) for word in cores), default=0.0)
            rank = (
                len(needed), bool(cores & asked), asked_gb is not None and abs(gb - asked_gb) < 0.1 * gb,
                len(form & asked_form), "sxm" in form, n_cores, -gb,
            )  # fmt: skip
            if best is None or (rank, machine.id) > best:
                best = (rank, machine.id)
    return best[1] if best else None


def _tables(profiles: Iterable[Hardware | Model]) -> list[dict[tuple[str, ...], set[str]]]:
    exact: dict[tuple[str, ...], set[str]] = {}
    loose: dict[tuple[str, ...], set[str]] = {}
    for profile in profiles:
        for name in (profile.id, profile.name, *profile.aliases):
            exact.setdefault(words(name), set()).add(profile.id)
            loose.setdefault(words(without_memory(name)), set()).add(profile.id)
    return [exact, loose]
