"""Readings of a quantity from profiles, scores and shapes: what the catalogue knows, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import product

from tco.check.claims import prices
from tco.check.claims.evidence import Evidence, Reading, plain
from tco.check.claims.machines import GB, Maker, compute, machine_of, made, purchase, rental, spec
from tco.check.claims.outcome import Outcome
from tco.check.claims.quantity import NONE, Quantity, quantity
from tco.describe.model import Model
from tco.units import BYTES_PER_GB

BITS = {"fp32": 32.0, "bf16": 16.0, "fp16": 16.0, "fp8": 8.0, "int8": 8.0, "int4": 4.0, "fp4": 4.0}
PARAMS_PER_B = 1e9
_B = PARAMS_PER_B


def readings(evidence: Evidence, kind: str, about: Mapping[str, str], on: date) -> list[Reading]:
    """Everything that bears on a quantity: facts, then what the catalogue knows."""
    found = evidence.of_facts(kind, about, on)
    maker = MAKERS.get(kind)
    return found + (maker(evidence, about, on) if maker else [])


def _sizes(evidence: Evidence, about: Mapping[str, str], key: str, on: date) -> list[tuple[str, float, float, str]]:
    """Name, total and active parameters, and source, of whatever a description names."""
    stated = about.get("params") if key == "model" else None
    if stated:
        total = quantity(stated).middle
        active = quantity(about["active"]).middle if "active" in about else total
        return [(f"{total / _B:g}B parameters", total, active, "the claim")]
    found = []
    for name in evidence.models(about[key], on) if key in about else ():
        model = evidence.context.catalogue.profiled(name)
        if model is not None and (model.shape or model.params_total_b or model.recurrence):
            total, active = _counts(model)
            found.append((model.id, total, active, f"profile {model.id}"))
    return found


def _counts(model: Model) -> tuple[float, float]:
    from tco.perform.memory import param_count

    params = param_count(model=model)
    total = model.params_total_b.value * _B if model.params_total_b else params.total
    active = (
        model.params_active_b.value * _B
        if model.params_active_b
        else (total if params.active <= params.total else params.active)
    )
    return total, active


def _params(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    found = []
    for name, total, active, source in _sizes(evidence, about, "model", on):
        rumoured = evidence.is_loose(about.get("model", ""))
        member = (("model", name),) if rumoured else ()
        basis = about.get("basis")
        for word, value in (("total", total), ("active", active)):
            if basis in (None, word):
                opened = member if basis or total == active else (*member, ("basis", word))
                found.append(Reading(made(value, ("B params", _B)), f"{name} {word} parameters", source, open=opened))
    return found


def _params_ratio(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    if not {"model", "over"} <= about.keys() or about.get("basis") not in (None, "total", "active"):
        return []
    found = []
    for small, big in product(_sizes(evidence, about, "model", on), _sizes(evidence, about, "over", on)):
        same = big[1] / small[1] == big[2] / small[2]
        for word, place in (("total", 1), ("active", 2)):
            if about.get("basis") in (None, word):
                over, under = float(big[place]), float(small[place])
                label = f"{word} parameters of {big[0]} over {small[0]}: {over / _B:g} / {under / _B:g}"
                opened = () if same or "basis" in about else (("basis", word),)
                found.append(Reading(made(over / under, ("x", 1.0)), label, f"{big[3]}, {small[3]}", open=opened))
    return found


def _flop(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    dims = (("flop", 1), ("tok", -1))
    return [
        Reading(made(2 * active, ("GFLOP/tok", 1e9), dims), f"2 x {active / _B:g}B active parameters of {name}", source)
        for name, _, active, source in _sizes(evidence, about, "model", on)
    ]


def bits_of(about: Mapping[str, str]) -> float | None:
    """Bits a weight, as stated by ``bits`` or ``dtype``."""
    if "bits" in about:
        return quantity(about["bits"].removesuffix("bits").removesuffix("bit").strip("- ")).middle
    return BITS.get(plain(about.get("dtype", "")))


def weights(evidence: Evidence, about: Mapping[str, str], on: date) -> list[tuple[str, float, float, str]]:
    """Label, bytes, bits and source of the weights a description names, at the bits stated or at 16, 8 and 4."""
    stated = bits_of(about)
    found = []
    for name, total, _, source in _sizes(evidence, about, "model", on):
        for bits in (stated,) if stated else (16.0, 8.0, 4.0):
            label = f"{total / _B:g}B x {bits:g} bit / 8 = {total * bits / 8 / BYTES_PER_GB:.4g} GB of weights ({name})"
            found.append((label, total * bits / 8, bits, source))
    return found


def _memory(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    if "hardware" in about:
        return spec("memory_gb", GB, (("byte", 1),))(evidence, about, on)
    opened = bits_of(about) is None
    return [
        Reading(made(held, GB, (("byte", 1),)), label, source, open=(("bits", f"{bits:g}"),) if opened else ())
        for label, held, bits, source in weights(evidence, about, on)
    ]


def _scores(evidence: Evidence, about: Mapping[str, str], key: str, on: date) -> list[Reading]:
    wanted = plain(about.get("benchmark", ""))
    names = evidence.models(about[key], on) if key in about else ()
    setting = plain(about.get("setting", ""))
    found = []
    for row in evidence.context.catalogue.scores:
        if row.model not in names or row.benchmark != wanted or row.kind == "assumed" or "article" in row.source:
            continue
        if setting and plain(row.metric) != setting:
            continue
        held = Quantity(row.score / 100, row.score / 100, NONE, "%", 1e-2)
        rank = 0 if row.kind == "vendor" else 2
        opened = () if setting else (("setting", row.metric),)
        found.append(
            Reading(
                held,
                f"{row.model} {row.benchmark} {row.harness}".strip(),
                row.source,
                since=row.as_of,
                rank=rank,
                open=opened,
            )
        )
    if not setting and len({each.open for each in found}) == 1:  # one way of counting: nothing is left open
        found = [Reading(each.value, each.label, each.source, since=each.since, rank=each.rank) for each in found]
    return found


def _score(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    return _scores(evidence, about, "model", on)


def _gain(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    ours, theirs = _scores(evidence, about, "model", on), _scores(evidence, about, "over", on)
    if "setting" not in about:  # a single attempt is what a score means unless it says otherwise
        ours, theirs = _single(ours), _single(theirs)
    found = []
    for left, right in product(ours, theirs):
        assert isinstance(left.value, Quantity)
        assert isinstance(right.value, Quantity)
        new, old = left.value.middle, right.value.middle
        for basis, value in (("points", new - old), ("relative", new / old - 1 if old else 0.0)):
            if about.get("basis") not in (None, basis):
                continue
            label = f"{basis}: {new * 100:g} against {old * 100:g} ({left.label}; {right.label})"
            opened = [] if "basis" in about else [("basis", basis)]
            opened += [("build", right.label)] if len(theirs) > 1 else []
            found.append(
                Reading(
                    made(value, ("%", 1e-2)), label, left.source, open=tuple(opened), rank=min(left.rank, right.rank)
                )
            )
    return found


def _single(found: list[Reading]) -> list[Reading]:
    return [each for each in found if dict(each.open).get("setting", "pass@1") == "pass@1"]


def _saving(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    """Price of one model against another's, side by side; `cost_ratio` is the other way up."""
    if not {"model", "over"} <= about.keys():
        return []
    cheap = prices.current(evidence, about, on)
    dear = prices.current(evidence, {**about, "model": about["over"]}, on)
    found = []
    for (mine, low), (theirs, high) in product(cheap, dear):
        if mine.meter == theirs.meter and mine.meter in prices.SIDES and low.low > 0:
            label = f"{theirs.usd_per_mtok:g} / {mine.usd_per_mtok:g} ({theirs.model} over {mine.model})"
            opened = () if "meter" in about else (("meter", mine.meter),)
            found.append(Reading(made(high.low / low.low, ("x", 1.0)), label, theirs.source, open=opened))
    return found


def _throughput(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    machine = machine_of(evidence, about)
    if machine is None or machine.bandwidth_gb_per_s is None:
        return []
    batch = plain(about.get("batch", ""))
    dims, unit = (("s", -1), ("tok", 1)), ("tok/s", 1.0)
    found = []
    n_machines = quantity(about.get("n_gpus", "1")).middle
    for label, held, bits, source in weights(evidence, about, on):
        ceiling = n_machines * machine.bandwidth_gb_per_s.value * BYTES_PER_GB / held
        opened = () if bits_of(about) else (("bits", f"{bits:g}"),)
        room = n_machines * machine.memory_gb.value * BYTES_PER_GB if machine.memory_gb else held
        if held > room:
            nothing = f"does not fit in {room / BYTES_PER_GB:g} GB: {label}"
            found.append(Reading(Quantity(0.0, 0.0, dims, *unit), nothing, source, open=opened, is_spread=True))
            continue
        if batch == "1":
            value = Quantity(0.0, ceiling, dims, *unit)
            found.append(
                Reading(
                    value,
                    f"memory ceiling of one request: {machine.bandwidth_gb_per_s.value:g} GB/s over {label}",
                    source,
                    open=opened,
                    is_spread=True,
                )
            )
    return found


def _kv_cache(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    """Cache of a token, or of a context; a cache is kept in 16 bits unless it says otherwise."""
    from tco.perform.memory import cache_bytes

    found = []
    narrower = (bits_of(about) or 16.0) / 16.0
    n_tok = quantity(about["context"]).middle if "context" in about else None
    for name in evidence.models(about["model"], on) if "model" in about else ():
        model = evidence.context.catalogue.profiled(name)
        if model is None or model.shape is None:
            continue
        held = cache_bytes(model=model, shape=model.shape, n_gpus=1, kv_dtype="bf16")
        each = held.full_bytes_per_tok + held.window_bytes_per_tok
        label = f"{model.id}: {each * narrower:,.0f} bytes a token"
        if n_tok is None:
            unit, dims = ("KB/tok", 1e3), (("byte", 1), ("tok", -1))
            found.append(Reading(made(each * narrower, unit, dims), label, f"profile {model.id}"))
        else:
            windowed = min(n_tok, held.window_tok) if held.window_tok else n_tok
            size = held.full_bytes_per_tok * n_tok + held.window_bytes_per_tok * windowed + held.state_bytes
            label = f"{label} x {n_tok:,.0f}"
            found.append(Reading(made(size * narrower, GB, (("byte", 1),)), label, f"profile {model.id}"))
    return found


def unborn(evidence: Evidence, about: Mapping[str, str], on: date) -> Outcome | None:
    """A price on a day before the model was released."""
    model = evidence.profile(about["model"])
    if model is None or model.released is None or model.released <= on:
        return None
    note = f"{model.id} was released on {model.released}, after {on}"
    return Outcome("contradicts", (note,), (f"profile {model.id}",))


MAKERS: dict[str, Maker] = {
    "kv_cache": _kv_cache,
    "params": _params,
    "params_ratio": _params_ratio,
    "flop": _flop,
    "memory": _memory,
    "bandwidth": spec("bandwidth_gb_per_s", ("GB/s", BYTES_PER_GB), (("byte", 1), ("s", -1))),
    "power": spec("max_w", ("W", 1.0), (("joule", 1), ("s", -1))),
    "compute": compute,
    "purchase": purchase,
    "rental": rental,
    "score": _score,
    "gain": _gain,
    "saving": _saving,
    "throughput": _throughput,
}
