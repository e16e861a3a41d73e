"""The machine that was measured here, as hardware: measured ceilings, and the share of them that engines reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tco.describe.hardware import Ceilings, Dtype, EngineShare, Hardware
from tco.describe.model import Model
from tco.describe.profile import LOCAL, Machine, Micro, NotMeasured, Profile, ProfileRow
from tco.describe.record import Figure
from tco.errors import MissingDataError, TcoError
from tco.files.profiles import newest
from tco.perform.batching import batch
from tco.perform.calibrated import calibrated
from tco.perform.forecast import prompt_s
from tco.perform.load import Load
from tco.perform.step import step_s

if TYPE_CHECKING:
    from tco.files.catalogue import Catalogue

SMALL_M = 8  # a product of at most so many rows is bound by reading its weights
WHOLE = EngineShare(decode=Figure(value=1.0, unit="ratio"), prefill=Figure(value=1.0, unit="ratio"))
LARGE_M = 128  # one of at least so many is bound by computing, or near it


def of_machine(profiles: Iterable[Profile], machine: Machine) -> list[ProfileRow]:
    """The rows of every profile of one machine: the same id, and for a machine without one the same name."""
    wanted = (machine.hardware, machine.name if machine.hardware == LOCAL else "")
    return [
        row
        for each in profiles
        if (each.machine.hardware, each.machine.name if each.machine.hardware == LOCAL else "") == wanted
        for row in each.rows
        if row.hardware == machine.hardware
    ]


def hardware(catalogue: Catalogue) -> Hardware:
    """The machine of the newest profile with what was measured on it; its catalogue profile is the base where known.

    Raises MissingDataError when nothing was measured here.
    """
    profile = newest(catalogue.local)
    if profile is None:
        raise MissingDataError("hardware local: nothing was measured here yet; `tco bench run` measures this machine")
    machine = profile.machine
    base = catalogue.hardware(machine.hardware) if machine.hardware != LOCAL else _unlisted(profile)
    measured = base.model_copy(update={
        "name": f"{base.name} (measured here {profile.measured_at.date()})",
        "ceilings": _ceilings(profile.micro, machine),
    })  # fmt: skip
    rows = of_machine(catalogue.local, machine)
    shares = engine_shares(rows, measured, catalogue.profiled)
    if measured.ceilings is None or not shares:
        return measured
    return measured.model_copy(update={"ceilings": measured.ceilings.model_copy(update={"shares": shares})})


def _unlisted(profile: Profile) -> Hardware:
    """Hardware of a machine that the catalogue does not know, from its measured numbers alone."""
    machine, micro = profile.machine, profile.micro or Micro()
    memory = _figure(machine.memory_gb)
    if memory is None and machine.category == "cpu" and machine.host_memory_gb:
        memory = Figure(value=machine.host_memory_gb, unit="GB", kind="measured", source="operating system")
    ceilings = _ceilings(profile.micro, machine) or Ceilings()
    return Hardware(
        id=LOCAL, name=machine.name, vendor=machine.vendor or "unknown", category=machine.category, memory_gb=memory,
        bandwidth_gb_per_s=ceilings.bandwidth_gb_per_s, dense_tflops=_with_half(ceilings.tflops),
        flops_basis="measured", idle_w=_figure(micro.idle_w), busy_w=_figure(micro.busy_w),
        max_w=_figure(machine.power_limit_w), unpriced="a machine of your own",
        source=f"profile {profile.id}, measured here", as_of=profile.measured_at.date(), kind="measured",
    )  # fmt: skip


def _with_half(tflops: dict[Dtype, Figure]) -> dict[Dtype, Figure]:
    """TFLOPS with a 16-bit entry: where only 32 bit was measured, engines compute in it."""
    return tflops if {"bf16", "fp16"} & tflops.keys() or "fp32" not in tflops else {**tflops, "bf16": tflops["fp32"]}


def _figure(reading: Figure | NotMeasured | None) -> Figure | None:
    return reading if isinstance(reading, Figure) else None


def _ceilings(micro: Micro | None, machine: Machine) -> Ceilings | None:
    """Weight reads as fast as small products read them, else plain reads; products as fast as large ones compute."""
    if micro is None:
        return None
    reads = [found for each in micro.gemm if each.m <= SMALL_M and (found := _figure(each.gb_per_s))]
    plain = (_figure(micro.read_gb_per_s), _figure(micro.copy_gb_per_s), _figure(micro.triad_gb_per_s))
    bandwidth = max(reads, key=_value, default=None) or next((each for each in plain if each), None)
    tflops: dict[Dtype, Figure] = {}
    for each in sorted(micro.gemm, key=lambda gemm: (gemm.sustained, gemm.m)):
        found = _figure(each.tflops)
        if found and (each.m >= LARGE_M or each.sustained):
            tflops[each.dtype] = found if each.sustained else max(found, tflops.get(each.dtype, found), key=_value)
    if bandwidth is None and not tflops:
        return None
    return Ceilings(
        bandwidth_gb_per_s=bandwidth, tflops=tflops, n_threads=micro.n_threads if machine.category == "cpu" else None
    )


def _value(figure: Figure) -> float:
    return figure.value


def engine_shares(
    rows: Sequence[ProfileRow], machine: Hardware, find: Callable[[str], Model | None]
) -> dict[str, EngineShare]:
    """By engine, the geometric mean of measured over predicted speed on this machine, with its range.

    Predicted is what the model says without the engine's share. Rows of models without a profile, flagged and
    contended rows tell nothing. Without a row of prompts alone, prompts are taken at the share of answers.
    """
    if machine.ceilings is None:
        return {}
    whole = {row.engine: WHOLE for row in rows}
    base = machine.model_copy(update={"ceilings": machine.ceilings.model_copy(update={"shares": whole})})
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: {"decode": [], "prefill": []})
    for row in rows:
        model = find(row.model)
        if model is None or row.flags or row.estimated or row.contended:
            continue
        for phase, ratio in _ratios(row, model, base):
            found[row.engine][phase].append(ratio)
    return {engine: _share(held["decode"], held["prefill"]) for engine, held in found.items() if held["decode"]}


def _ratios(row: ProfileRow, model: Model, machine: Hardware) -> list[tuple[str, float]]:
    """Measured over predicted: of answers, and of prompts where the row times them alone."""
    try:
        held = calibrated(
            model=model, hardware=machine, n_gpus=row.n_gpus, dtype=row.dtype, kv_dtype=row.kv_dtype or "bf16",
            engine=row.engine,
        ).deployment  # fmt: skip
    except TcoError:
        return []
    found = []
    if row.prefill_tok_per_s and row.input_tok:
        load = Load(input_tok=row.input_tok, output_tok=1.0)
        found.append(("prefill", row.prefill_tok_per_s * float(prompt_s(deployment=held, load=load)) / row.input_tok))
    if row.output_tok_per_s and row.output_tok and row.concurrency:
        if row.input_tok is None:
            step = step_s(deployment=held, n_decode=float(row.concurrency), context_tok=row.output_tok / 2.0)
            predicted = row.concurrency / float(step)
        else:
            load = Load(input_tok=row.input_tok, output_tok=row.output_tok)
            state = batch(deployment=held, load=load, n_seqs=float(row.concurrency))
            predicted = float(state.req_per_s) * row.output_tok
        found.append(("decode", row.output_tok_per_s / predicted))
    return found


def _share(decode: Sequence[float], prefill: Sequence[float]) -> EngineShare:
    rows = f"{len(decode)} row{'s' * (len(decode) != 1)} measured here"
    answers = _geometric(decode, rows)
    return EngineShare(decode=answers, prefill=_geometric(prefill, rows) if prefill else answers, n_rows=len(decode))


def _geometric(ratios: Sequence[float], source: str) -> Figure:
    value = float(np.exp(np.mean(np.log(ratios))))
    return Figure(
        value=value, low=min(*ratios, value), high=max(*ratios, value), unit="ratio", source=source, kind="measured"
    )
