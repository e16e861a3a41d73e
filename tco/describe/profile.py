"""A local profile: what was measured on one machine on one occasion. Nothing in it is guessed.

A number that was not measured is ``{not_measured: reason}``; a plain field that nobody stated is None or empty.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AwareDatetime, ConfigDict, Field, field_validator

from tco.describe.hardware import Dtype, Throughput
from tco.describe.record import Figure, Name, Record, Unit

SCHEMA: Literal["tco.profile/1"] = "tco.profile/1"
LOCAL = "local"  # hardware id of a machine the catalogue does not know; the alias of the newest profile's machine

MAX_FAILED_FRAC = 0.01  # of requests: with more the load was not the one a row is named after

Stat = Literal["mean", "p50", "p90", "p95", "p99", "min", "max", "std"]
Latency: TypeAlias = dict[Stat, Annotated[float, Field(ge=0)]]
Arrival = Literal["single", "closed", "burst", "constant", "poisson", "gamma", "trace", "offline", "unstated"]
Category = Literal["datacenter", "workstation", "consumer", "laptop", "phone", "soc", "apple", "cpu", "tpu"]


class NotMeasured(Record):
    """No number, and why: unsupported is not zero."""

    not_measured: str = Field(min_length=1)


NOT_TRIED = NotMeasured(not_measured="not tried")
GbPerS: TypeAlias = Annotated[Figure, Unit("GB/s", gt=0)] | NotMeasured
Tflops: TypeAlias = Annotated[Figure, Unit("TFLOPS", gt=0)] | NotMeasured
Seconds: TypeAlias = Annotated[Figure, Unit("s", gt=0)] | NotMeasured
Watts: TypeAlias = Annotated[Figure, Unit("W", gt=0)] | NotMeasured
Gb: TypeAlias = Annotated[Figure, Unit("GB", gt=0)] | NotMeasured
TokPerS: TypeAlias = Annotated[Figure, Unit("tok/s", gt=0)] | NotMeasured


class Clocks(Record):
    """Clocks while measuring and their limits, MHz; None where the driver does not say."""

    sm_mhz: float | None = Field(default=None, gt=0)
    memory_mhz: float | None = Field(default=None, gt=0)
    max_sm_mhz: float | None = Field(default=None, gt=0)
    max_memory_mhz: float | None = Field(default=None, gt=0)


class Machine(Record):
    """The machine and its state while it was measured.

    ``hardware`` is the catalogue's id, or ``local`` for a machine it does not know. ``throttling`` lists the
    reasons seen, empty when none was, None when nothing tells; ``contended`` says whether others used the machine.
    """

    hardware: Name = LOCAL
    name: str = Field(min_length=1)
    category: Category
    vendor: str = ""
    n_gpus: int = Field(default=1, ge=1)
    memory_gb: Gb = NOT_TRIED
    driver: str = ""
    runtime: str = ""
    clocks: Clocks = Clocks()
    throttling: tuple[str, ...] | None = None
    throttling_reason: str = ""
    temperature_c: float | None = None
    power_limit_w: Watts = NOT_TRIED
    mig: str = ""
    link: str = ""
    contended: bool | None = None
    contended_reason: str = ""
    os: str = ""
    cpu: str = ""
    n_cores: int | None = Field(default=None, ge=1)
    host_memory_gb: float | None = Field(default=None, gt=0)
    container: str = ""

    def at_another_time(self, *, n_gpus: int) -> Machine:
        """The same machine, its state of the moment not known."""
        known = self.model_dump(include=_LASTING)
        return Machine(**(known | {"n_gpus": n_gpus}))


_LASTING = {
    "hardware", "name", "category", "vendor", "memory_gb", "driver", "runtime", "power_limit_w", "mig", "link", "os",
    "cpu", "n_cores", "host_memory_gb", "container",
}  # fmt: skip


class Gemm(Record):
    """One matrix product, ``m`` rows by ``k`` by ``n``, on random data; ``sustained`` ran for seconds, not once."""

    dtype: Dtype
    m: int = Field(ge=1)
    n: int = Field(ge=1)
    k: int = Field(ge=1)
    tflops: Tflops = NOT_TRIED
    gb_per_s: GbPerS = NOT_TRIED  # weights read, where the product is bound by memory
    power_w: Watts = NOT_TRIED
    sustained: bool = False
    how: str = ""


class DecodeLoop(Record):
    """Layers of a real model's shape, decoded in a loop without an engine: seconds a step of ``n_seqs`` sequences."""

    model: Name
    dtype: Dtype
    kv_dtype: Dtype | None = None
    n_layers: int = Field(ge=1)
    n_seqs: int = Field(ge=1)
    context_tok: int = Field(ge=0)
    step_s: Seconds = NOT_TRIED
    tok_per_s: TokPerS = NOT_TRIED  # of the whole model, where the loop stands for it
    power_w: Watts = NOT_TRIED
    how: str = ""


class Micro(Record):
    """Microbenchmarks: ceilings of the machine, of which an engine reaches a part. One accelerator, or one thread."""

    duration_s: float | None = Field(default=None, gt=0)
    n_threads: int | None = Field(default=None, ge=1)  # CPU
    copy_gb_per_s: GbPerS = NOT_TRIED
    triad_gb_per_s: GbPerS = NOT_TRIED
    read_gb_per_s: GbPerS = NOT_TRIED
    gemm: tuple[Gemm, ...] = ()
    launch_s: Seconds = NOT_TRIED
    graph_s: Seconds = NOT_TRIED  # per kernel of a replayed graph
    idle_w: Watts = NOT_TRIED
    busy_w: Watts = NOT_TRIED
    decode_loops: tuple[DecodeLoop, ...] = ()
    scaling: dict[str, float] = {}  # of several GPUs: copy or gemm, rate of all at once over n times one alone
    peaks: dict[str, Annotated[float, Field(gt=0)]] = {}  # datasheet, by the catalogue: gb_per_s, TFLOPS by format
    flags: tuple[str, ...] = ()


class How(Record):
    """Where a row comes from: the tool that measured, its version, the file it wrote and that file's SHA-256."""

    tool: str = Field(min_length=1)
    version: str = ""
    file: str = ""
    sha256: str = ""
    format: str = ""

    @property
    def text(self) -> str:
        """Tool, version and file in one line."""
        named = " ".join(part for part in (self.tool, self.version) if part)
        return f"{named}, {self.file}" if self.file else named


class LocalThroughput(Throughput):
    """An operating point measured on a machine of the user's own, preferred to every published one."""

    is_local: ClassVar[bool] = True


class ProfileRow(Record):
    """One operating point: what ``Throughput`` holds and more.

    Throughput counts all accelerators. ``concurrency`` is the requests in flight that were asked for, None where
    requests came at a rate. ``ttft`` is sent to first token, ``tpot`` (E2E - TTFT)/(n - 1), ``itl`` the gap between
    chunks, ``e2e`` sent to last token. ``estimated``: tokens were not counted by the server. ``flags`` are reasons
    not to use the row; ``notes`` only inform.
    """

    hardware: Name
    n_gpus: int = Field(default=1, ge=1)
    model: Name
    dtype: Dtype
    kv_dtype: Dtype | None = None
    engine: str = Field(min_length=1)
    engine_version: str = ""
    arrival: Arrival = "unstated"
    concurrency: int | None = Field(default=None, ge=1)
    request_per_s_asked: float | None = Field(default=None, gt=0)
    input_tok: float | None = Field(default=None, gt=0)
    output_tok: float | None = Field(default=None, gt=0)
    n_requests: int | None = Field(default=None, ge=0)
    n_failed: int | None = Field(default=None, ge=0)
    duration_s: float | None = Field(default=None, gt=0)
    output_tok_per_s: float | None = Field(default=None, gt=0)
    prefill_tok_per_s: float | None = Field(default=None, gt=0)
    total_tok_per_s: float | None = Field(default=None, gt=0)  # prompts and answers together
    request_per_s: float | None = Field(default=None, gt=0)
    goodput_request_per_s: float | None = Field(default=None, ge=0)
    n_repeats: int | None = Field(default=None, ge=1)
    output_tok_per_s_std: float | None = Field(default=None, ge=0)  # between repeats
    prefill_tok_per_s_std: float | None = Field(default=None, ge=0)
    ttft_ms: Latency = {}
    tpot_ms: Latency = {}
    itl_ms: Latency = {}
    e2e_ms: Latency = {}
    power_w: float | None = Field(default=None, gt=0)
    joules_per_tok: float | None = Field(default=None, gt=0)
    energy_reason: str = ""  # why there is no energy, or what it covers
    energy_flags: tuple[str, ...] = ()  # reasons not to use the energy; the row may still be used
    how: How
    measured_at: AwareDatetime
    contended: bool | None = None
    estimated: bool = False
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @field_validator("measured_at")
    @classmethod
    def _in_utc(cls, at: datetime) -> datetime:
        return to_the_second(at)

    @property
    def is_usable(self) -> bool:
        """Whether the row can stand for its operating point: a closed loop, counted tokens, nothing against it."""
        known = (self.concurrency, self.input_tok, self.output_tok, self.output_tok_per_s)
        return None not in known and not self.flags and not self.estimated

    def is_again(self, other: ProfileRow) -> bool:
        """Whether both measured one operating point: equal but for the engine's version, lengths within a tenth."""
        if any(getattr(self, name) != getattr(other, name) for name in _POINT):
            return False
        pairs = [(getattr(self, name), getattr(other, name)) for name in _AMOUNTS]
        return all((a is None) == (b is None) and (not a or abs(b / a - 1.0) <= SAME_LENGTH_FRAC) for a, b in pairs)

    def throughput(self, *, driver: str = "") -> LocalThroughput | None:
        """The row as the sizing reads it, with how it was measured; None when it may not be used."""
        if not self.is_usable or self.concurrency is None or self.input_tok is None or self.output_tok is None:
            return None
        first = next((stat for stat in _TTFT_STATS if self.ttft_ms.get(stat)), None)
        step = self.tpot_ms.get("mean") or self.itl_ms.get("mean") or self.tpot_ms.get("p50")
        on = self.measured_at.date()
        driven = f", driver {driver}" if driver else ""
        busy = ", machine shared while measured" if self.contended else ""
        return LocalThroughput(
            hardware=self.hardware, n_gpus=self.n_gpus, model=self.model, dtype=self.dtype, engine=self.engine,
            engine_version=self.engine_version, concurrency=self.concurrency, input_tok=self.input_tok,
            output_tok=self.output_tok, output_tok_per_s=self.output_tok_per_s,
            ttft_ms=self.ttft_ms[first] if first else None, ttft_stat=first or "mean", itl_ms=step or None,
            busy_w=None if self.energy_flags else self.power_w,
            source=f"own measurement of {on}: {self.how.text}{driven}{busy}", as_of=on, kind="measured",
        )  # fmt: skip


SAME_LENGTH_FRAC = 0.10
_POINT = ("hardware", "n_gpus", "model", "dtype", "kv_dtype", "engine", "arrival", "concurrency")
_AMOUNTS = ("input_tok", "output_tok", "request_per_s_asked")
_TTFT_STATS: tuple[Literal["mean", "p50", "p95", "p99"], ...] = ("mean", "p50", "p95", "p99")


class Profile(Record):
    """Everything measured on one machine on one occasion: a file of ``hardware_profiles/local/``."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    schema_id: Literal["tco.profile/1"] = Field(default=SCHEMA, alias="schema")
    id: Name
    tool_version: str = Field(min_length=1)
    measured_at: AwareDatetime
    machine: Machine
    micro: Micro | None = None
    rows: tuple[ProfileRow, ...] = ()
    notes: tuple[str, ...] = ()

    @field_validator("measured_at")
    @classmethod
    def _in_utc(cls, at: datetime) -> datetime:
        return to_the_second(at)


def to_the_second(at: datetime) -> datetime:
    """An instant in UTC without its fraction of a second, as a file holds it."""
    return at.astimezone(UTC).replace(microsecond=0)


def measured(value: float, unit: str, *, low: float | None = None, high: float | None = None, note: str = "",
             source: str = "tco bench run") -> Figure:  # fmt: skip
    """A measured number as a figure."""
    return Figure(value=value, low=low, high=high, unit=unit, source=source, kind="measured", note=note)


def number(reading: Figure | NotMeasured) -> float | None:
    """The number of a reading, None where it was not measured."""
    return reading.value if isinstance(reading, Figure) else None
