"""The report of a measured server: levels, failures, limits, and what the client itself was doing."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from tco.bench.endpoint.failures import meaning
from tco.bench.endpoint.record import gaps_between, joules_per_tok
from tco.bench.endpoint.session import Level, Measured
from tco.describe.profile import NotMeasured
from tco.report.grid import Column, Row, grid
from tco.report.table import console, say
from tco.report.text import DASH, figures, percent, plural, prose, section
from tco.units import MS_PER_S

COLUMNS = (
    Column(("answered", "of asked")),
    Column(("output", "tok/s")),
    Column(("requests", "/s"), 3),
    Column(("good", "/s"), 1),
    Column(("TTFT", "p50 ms"), 1),
    Column(("TTFT", "p95 ms")),
    Column(("TPOT", "p50 ms"), 1),
    Column(("TPOT", "p95 ms"), 2),
    Column(("ITL", "p99 ms"), 4),
    Column(("answer", "p95 ms"), 3),
    Column(("meant", "p95 ms"), 5),
    Column(("J/tok", "output"), 2),
)
ONLY_IF_ANY = (3, 11)


def show(measured: Measured, *, profile: str | None, why_no_profile: str) -> None:
    """Print the whole report."""
    out = console()
    width = out.width
    parts = [
        *_heading(measured, width),
        section("Levels"),
        *_levels(measured.levels, width),
        *_flags(measured.levels, width),
        *_failures(measured.levels, width),
        *_verdict(measured, width),
        section("How it was measured"),
        *(prose(line, width) for line in _how(measured)),
        *(prose(f"{note[0].upper()}{note[1:]}.", width) for note in measured.probed.notes),
        prose(f"Profile: {profile}" if profile else f"No profile was written: {why_no_profile}.", width),
    ]
    say(out, parts)


def _heading(measured: Measured, width: int) -> list[Text]:
    asked = measured.settings
    scale = measured.probed.dialect.scale
    length = "" if scale.is_calibrated else " (not calibrated)"
    if asked.trace:
        text = f"a trace of {plural(float(len(asked.trace)), 'request')}"
    else:
        text = f"{asked.lengths.input_tok:,} prompt tokens{length}, up to {asked.lengths.output_tok:,} output tokens"
    return [
        Text(asked.address.url, style="bold"),
        prose(f"{measured.probed.dialect.model}: {text}, {measured.at:%Y-%m-%d %H:%M} UTC.", width, indent=0),
    ]


def _levels(levels: Sequence[Level], width: int) -> list[Text]:
    cells = [_cells(level) for level in levels]
    used = [i for i in range(len(COLUMNS)) if i not in ONLY_IF_ANY or any(row[i] != DASH for row in cells)]
    rows = [
        Row(level.load.label, tuple(row[i] for i in used), "" if not level.flags else "yellow")
        for level, row in zip(levels, cells, strict=True)
    ]
    return grid([COLUMNS[i] for i in used], rows, width=width, key="load")


def _cells(level: Level) -> tuple[str, ...]:
    found = level.stats

    def ms(name: str, at: str) -> str:
        value = found.latencies.get(name, {}).get(at)
        return DASH if value is None else figures(value * MS_PER_S)

    return (
        f"{found.n_ok}/{found.n_asked}", figures(found.output_tok_per_s), figures(found.request_per_s),
        figures(found.goodput_request_per_s), ms("ttft", "p50"), ms("ttft", "p95"), ms("tpot", "p50"),
        ms("tpot", "p95"), ms("itl", "p99"), ms("e2e", "p95"), ms("e2e_from_intended", "p95"),
        figures(joules_per_tok(level)),
    )  # fmt: skip


def _flags(levels: Sequence[Level], width: int) -> list[Text]:
    """What speaks against a level, then what only informs; the same words for several levels once."""
    said: dict[tuple[str, str], list[str]] = {}
    for level in levels:
        for style, texts in (("yellow", level.flags), ("", level.notes)):
            for text in texts:
                said.setdefault((text, style), []).append(level.load.label)
    lines = []
    for (text, style), labels in said.items():
        line = prose(f"{', '.join(labels)}: {text}.", width)
        line.stylize(style)
        lines.append(line)
    return lines


def _failures(levels: Sequence[Level], width: int) -> list[Text]:
    rows = [
        Row(
            level.load.label,
            (f"{n:,}", kind),
            below=("; ".join(part for part in (meaning(kind), level.stats.examples[kind]) if part),),
        )
        for level in levels
        for kind, n in level.stats.failures.items()
    ]
    if not rows:
        return []
    columns = [Column(("requests",)), Column(("failed by",), left=True)]
    return [section("Failures, in no average"), *grid(columns, rows, width=width, key="load")]


def _verdict(measured: Measured, width: int) -> list[Text]:
    """Limits, knee and whether there is an answer."""
    slo, lines = measured.settings.slo, []
    if slo.limits:
        lines.append(
            f"Limits: {'; '.join(limit.text for limit in slo.limits)}, from when a request was meant to be sent."
        )
        met = [level.load.label for level in measured.levels if level.meets_slo]
        lines.append(f"Met at: {', '.join(met)}." if met else "Met at no level.")
    knee = measured.knee
    if knee is not None and knee.value is not None:
        unit = "requests in flight" if knee.of == "concurrency" else "requests/s"
        end = f"limits break at {figures(knee.broken_at)}" if knee.broken_at else "limits held to the end"
        lines.append(f"Knee: {figures(knee.value)} {unit}; {end}.")
    if measured.failure:
        lines.append(f"No: {measured.failure}.")
    return [section("Limits"), *(prose(line, width) for line in lines)] if lines else []


def _how(measured: Measured) -> list[str]:
    lines = [
        "TTFT: sent to first content. TPOT: (answer - TTFT)/(tokens - 1). Meant: an answer from when its request was "
        "meant to be sent.",
        "Rates and latencies are of the steady state; failed requests are in none of them.",
    ]
    if any(gaps_between(level) == "chunks" for level in measured.levels):
        lines.append("ITL is the gap between chunks, which are not tokens here.")
    tested = measured.self_test
    if tested is not None and tested.ttft_error_s is not None:
        lines.append(
            f"This client is off by {figures(tested.ttft_error_s * MS_PER_S)} ms in TTFT and "
            f"{percent(tested.tpot_error_frac)} in TPOT at {plural(float(tested.n_streams), 'stream')}, by a server of "
            "known timing in the same process (an upper bound)."
        )
    cpu, lag = (
        max(values) for values in zip(*((x.client.cpu_frac, x.client.lag_p99_s) for x in measured.levels), strict=True)
    )
    lines.append(f"Client: at most {percent(cpu)} of a core, event loop {figures(lag * MS_PER_S)} ms late (p99).")
    lines += _caching(measured)
    absent = [x.energy.joules.not_measured for x in measured.levels if isinstance(x.energy.joules, NotMeasured)]
    lines += [f"Energy: not measured ({reason})." for reason in dict.fromkeys(absent)]
    lines += [f"Energy: {flag}." for flag in dict.fromkeys(flag for x in measured.levels for flag in x.energy.flags)]
    return lines


def _caching(measured: Measured) -> list[str]:
    if measured.cached_frac is None:
        return ["Prefix cache: the server does not tell its hits; every prompt began with a nonce of its own."]
    own = measured.template_cached_tok
    template = f", {figures(own)} tokens a request of the server's own template aside" if own else ""
    return [f"Prefix cache: {percent(measured.cached_frac)} of the prompt tokens{template}."]
