"""From what a file says and what the options say to profile rows. What neither says is an error, never a guess."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from pydantic import ValidationError

from tco.bench.importers.draft import Draft, apart
from tco.bench.importers.source import Source
from tco.describe.hardware import Dtype, Hardware
from tco.describe.model import Model
from tco.describe.profile import LOCAL, MAX_FAILED_FRAC, How, ProfileRow
from tco.errors import MissingDataError, Problem, UnknownNameError
from tco.perform.runs import dtype_of, engine_of
from tco.units import MS_PER_S

T = TypeVar("T", bound=int | str)
_QUANT = re.compile(r"[-_.](?:I?Q\d\w*|F16|BF16|F32|GGUF)$", re.IGNORECASE)
TOKENS = 1.0  # a mean this far from the length stated is the same count
TPOT_RATIO = 1.5  # answers of unequal length explain less: a mean TPOT this far off divides by something else


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the options state of every file of an import; None is what they leave to the files."""

    model: Model | None = None
    hardware: str | None = None
    dtype: Dtype | None = None
    kv_dtype: Dtype | None = None
    engine: str | None = None
    engine_version: str | None = None
    n_gpus: int | None = None
    concurrency: int | None = None
    input_tok: float | None = None
    output_tok: float | None = None
    tokens: float | None = None
    on: date | None = None


@dataclass
class Finisher:
    """Completes drafts; ``problems`` collects everything that is missing or wrong, over all files."""

    given: Given
    find_model: Callable[[str], Model]
    find_hardware: Callable[[str], Hardware]
    problems: list[Problem] = field(default_factory=list)

    def hardware_of(self, draft: Draft, source: Source) -> str | None:
        """The catalogue's id of the machine; None where nobody says, and a problem where the option contradicts."""
        given = self.given.hardware
        try:
            said = self.find_hardware(draft.hardware).id if draft.hardware else None
        except UnknownNameError:
            said = None
        if given not in (None, LOCAL):
            self._agreed("--hardware", given, said, source)
        return given or said

    def row(self, draft: Draft, source: Source, hardware: str | None) -> ProfileRow | None:
        """The row of a draft; None, with every problem collected, where something is missing or contradicts itself."""
        given = self.given
        model, dtype = self._model(draft), self._dtype(draft, source)
        engine = self._agreed("--engine", given.engine, engine_of(draft.engine) or None, source)
        at = self.at(draft)
        n_gpus = self._agreed("--n-gpus", given.n_gpus, draft.n_gpus, source)
        concurrency = self._agreed("--concurrency", given.concurrency, draft.row.get("concurrency"), source)
        values = dict(draft.row) | {"concurrency": concurrency}
        _lengths(values, draft, given)
        _rates(values, given)
        _tpot(values, draft)
        _failed(values, draft)
        needed = {
            "--model": model, "--hardware": hardware, "--dtype": dtype, "--engine": engine, "--n-gpus": n_gpus,
            "--measured-on": at,
        }  # fmt: skip
        missing = [name for name, held in needed.items() if not held]
        if missing:
            self._missing(source, draft, missing)
            return None
        return self._built(source, draft, values, {
            "model": model.id if model else "", "hardware": hardware, "dtype": dtype, "engine": engine,
            "n_gpus": n_gpus, "measured_at": at, "kv_dtype": given.kv_dtype or _dtype(draft.kv_dtype),
            "engine_version": given.engine_version or draft.engine_version,
        })  # fmt: skip

    def at(self, draft: Draft) -> datetime | None:
        """When it was measured: as stated, else as the file says."""
        return datetime.combine(self.given.on, time(), UTC) if self.given.on else draft.at

    def missing(self, source: Source, draft: Draft, names: list[str]) -> None:
        """Collect that the file does not say something which only options can."""
        self._missing(source, draft, names)

    def _missing(self, source: Source, draft: Draft, names: list[str]) -> None:
        said = {"--model": draft.model, "--hardware": draft.hardware, "--dtype": draft.dtype}
        asked = [
            f"{name} (it says {said[name]!r}, a name not known here)" if said.get(name) else name for name in names
        ]
        message = f"read as {draft.format}, which does not say all that is needed; give {', '.join(asked)}"
        self.problems.append(Problem(source.path, 0, 0, "", message))

    def _model(self, draft: Draft) -> Model | None:
        if self.given.model is not None:
            return self.given.model
        for name in dict.fromkeys((draft.model, _QUANT.sub("", draft.model))):
            try:
                if name:
                    return self.find_model(name)
            except UnknownNameError:
                continue
        return None

    def _dtype(self, draft: Draft, source: Source) -> Dtype | None:
        quant = _QUANT.search(draft.model)
        said: Dtype | None = self._agreed("--dtype", self.given.dtype, _dtype(draft.dtype), source)
        return said or _dtype(quant[0][1:] if quant else "")

    def _agreed(self, option: str, given: T | None, said: T | None, source: Source) -> T | None:
        if given is not None and said is not None and given != said:
            self.problems.append(Problem(source.path, 0, 0, option, f"got {given}, but the file says {said}"))
        return given if given is not None else said

    def _built(self, source: Source, draft: Draft, values: dict[str, Any], named: dict[str, Any]) -> ProfileRow | None:
        how = How(
            tool=draft.tool, version=draft.tool_version, file=source.name, sha256=source.sha256, format=draft.format
        )
        try:
            return ProfileRow(
                **values, **named, how=how, estimated=draft.estimated, flags=tuple(draft.flags),
                notes=tuple(draft.notes),
            )  # fmt: skip
        except ValidationError as error:
            for each in error.errors(include_url=False):
                where = ".".join(map(str, each["loc"]))
                self.problems.append(Problem(source.path, 0, 0, where, f"got {each['input']!r}: {each['msg']}"))
            return None


def _dtype(name: str) -> Dtype | None:
    try:
        return dtype_of(name) if name else None
    except MissingDataError:
        return None


def _failed(values: dict[str, Any], draft: Draft) -> None:
    n, n_failed = values.get("n_requests"), values.get("n_failed")
    if n and n_failed and n_failed > MAX_FAILED_FRAC * (n + n_failed):
        draft.flags.append(f"{n_failed} of {n + n_failed} requests failed: the rest had less load than was asked for")


def _tpot(values: dict[str, Any], draft: Draft) -> None:
    """Leave a TPOT out that the file's other means contradict: (E2E - TTFT) / (n - 1) is what the name means here."""
    ttft_ms, tpot_ms, e2e_ms = (values.get(f"{name}_ms", {}).get("mean") for name in ("ttft", "tpot", "e2e"))
    n = values.get("output_tok")
    if not (ttft_ms and tpot_ms and e2e_ms and n and n > 1 and e2e_ms > ttft_ms):
        return
    implied_ms = (e2e_ms - ttft_ms) / (n - 1)
    if not 1 / TPOT_RATIO < tpot_ms / implied_ms < TPOT_RATIO:
        values.pop("tpot_ms")
        draft.notes.append(
            f"the file's TPOT of {tpot_ms:.3g} ms is left out: {n:.4g} tokens in {e2e_ms:,.4g} ms after a TTFT of "
            f"{ttft_ms:,.4g} ms make {implied_ms:.3g} ms each; it counts something else, such as chunks"
        )


def _lengths(values: dict[str, Any], draft: Draft, given: Given) -> None:
    """Fill lengths from the options and flag a count of the file that the length asked for rules out."""
    asked, counted = given.output_tok or draft.asked_output_tok, values.get("output_tok")
    if asked and counted and counted > asked + TOKENS and apart(counted, asked):
        n = values.get("n_requests")
        total = f": {counted * n:,.0f} of {n} requests, not {asked * n:,.0f}" if n else ""
        draft.flags.append(f"{counted:,.1f} tokens an answer, but {asked:g} were asked for{total}; the count is wrong")
    elif given.output_tok and counted and apart(counted, given.output_tok):
        draft.notes.append(f"answers ended early: {counted:,.1f} tokens of {given.output_tok:g} asked for")
    if given.output_tok and counted and not apart(counted, given.output_tok):
        draft.flags[:] = [flag for flag in draft.flags if "chunks" not in flag]
    for name, length in (("input_tok", given.input_tok), ("output_tok", given.output_tok)):
        if length and not values.get(name):
            values[name] = length


def _rates(values: dict[str, Any], given: Given) -> None:
    """Rates that follow once lengths, concurrency or the tokens of an energy log are stated."""
    output, per_s, asked = values.get("output_tok"), values.get("request_per_s"), values.get("concurrency")
    duration_s, e2e_ms = values.get("duration_s"), values.get("e2e_ms", {}).get("mean")
    if given.tokens and duration_s:
        values.setdefault("output_tok_per_s", given.tokens / duration_s)
    if "output_tok_per_s" not in values and output and per_s:
        values["output_tok_per_s"] = output * per_s
    elif "output_tok_per_s" not in values and output and asked and e2e_ms and values.get("arrival") == "offline":
        values["output_tok_per_s"] = asked * output * MS_PER_S / e2e_ms
    power, rate = values.get("power_w"), values.get("output_tok_per_s")
    if power and rate:
        values.setdefault("joules_per_tok", power / rate)
