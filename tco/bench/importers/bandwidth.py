"""Memory bandwidth: nvbandwidth (JSON) and BabelStream (CSV). They fill a profile's microbenchmarks, not its rows."""

from __future__ import annotations

import re

from tco.bench.importers.draft import Draft
from tco.bench.importers.source import Fields, Source, first, objects, table

LOCAL_COPY = "device_local_copy"
TRAFFIC = 2.0  # nvbandwidth counts what it copies once; the memory reads it and writes it
GB_PER_MB = 1e-3
KERNELS = {"Copy": "copy_gb_per_s", "Triad": "triad_gb_per_s", "Dot": "read_gb_per_s"}


def is_nvbandwidth(source: Source) -> bool:
    """``nvbandwidth --json``."""
    return first(source, lambda held: isinstance(held.get("nvbandwidth"), dict))


def is_babelstream(source: Source) -> bool:
    """``--csv``."""
    return {"function", "max_MB_per_sec", "n_elements"} <= set(source.header)


def nvbandwidth(source: Source) -> list[Draft]:
    """The copy within a GPU, reads and writes counted; a test that was waived was not measured."""
    fields = objects(source)[0].at("nvbandwidth")
    names = [re.sub(r"^\d+: | \([0-9A-Fa-f:.]+\)$", "", each) for each in fields.texts("GPU Device list")]
    draft = Draft(
        tool="nvbandwidth", tool_version=fields.text("version"), driver=fields.text("Driver Version"),
        hardware=names[0] if len(set(names)) == 1 else "", n_gpus=len(names) or None,
    )  # fmt: skip
    cases = {each.text("name"): each for each in fields.each("testcases")}
    case = cases.get(LOCAL_COPY)
    if case is None or case.text("status") != "Passed":
        why = "not in the file" if case is None else f"{case.text('status') or 'no status'}"
        draft.micro["copy_gb_per_s"] = f"{LOCAL_COPY}: {why}"
        return [draft]
    draft.micro["copy_gb_per_s"] = _best(case) * TRAFFIC
    draft.notes.append(f"{LOCAL_COPY} times {TRAFFIC:g}: every byte is read and written")
    return [draft]


def _best(case: Fields) -> float:
    """The slowest of the GPUs, GB/s."""
    held = [float(cell) for row in case.lists("bandwidth_matrix") for cell in row if _is_number(cell)]  # N/A else
    if not held or min(held) <= 0:
        raise case.error("bandwidth_matrix", "got no bandwidth above 0; expected GB/s")
    return min(held)


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float | str) and bool(re.fullmatch(r"\d{1,9}(\.\d+)?", str(cell)))


def babelstream(source: Source) -> list[Draft]:
    """The best pass of each kernel; BabelStream counts reads and writes."""
    draft = Draft(tool="babelstream")
    for fields in table(source):
        name = KERNELS.get(fields.text("function"))
        if name:
            draft.micro[name] = fields.needed("max_MB_per_sec") * GB_PER_MB
    return [draft]
