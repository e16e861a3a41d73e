"""Profiles, their list and their difference, as tables and as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from tco.bench.find import NONE_YET
from tco.bench.regress import Change, Difference, point
from tco.bench.show_micro import micro
from tco.describe.profile import Latency, Machine, Profile, ProfileRow
from tco.report import record
from tco.report.grid import Column, Row, grid
from tco.report.table import console, say
from tco.report.text import DASH, figures, plural, prose, section

LIST, SHOWN, DIFF = "tco.bench_list/1", "tco.bench_profile/1", "tco.bench_diff/1"


def show(profile: Profile, path: Path | None, *, as_json: bool) -> None:
    """Print one profile: machine, microbenchmarks, rows; ``path`` is where it was written, None where it was not."""
    if as_json:
        _put({"schema": SHOWN, "path": str(path) if path else None, "profile": as_record(profile)})
        return
    out = console()
    say(out, [Text(profile.id, style="bold"), *(prose(line, out.width) for line in _machine(profile))])
    if profile.micro is not None:
        say(out, [section("Microbenchmarks: ceilings of the machine"), *micro(profile.micro, out.width)])
    if profile.rows:
        say(out, [section("Operating points"), *_rows(profile.rows, out.width)])
    say(out, [prose(note, out.width) for note in profile.notes])
    if path is not None:
        say(out, [prose(f"Profile: {path}", out.width, indent=0)])


def _put(held: Mapping[str, Any]) -> None:
    sys.stdout.write(f"{record.dumps(held)}\n")


def as_record(profile: Profile) -> dict[str, Any]:
    """A profile as JSON writes it."""
    return profile.model_dump(mode="json", by_alias=True)


def _machine(profile: Profile) -> Iterable[str]:
    held = profile.machine
    many = f"{held.n_gpus} x " if held.n_gpus > 1 else ""
    driver = f", driver {held.driver}" if held.driver else ""
    yield f"{many}{held.name} ({held.hardware}){driver}, measured {profile.measured_at:%Y-%m-%d %H:%M} UTC"
    yield f"by tco {profile.tool_version}" + (f", {held.os}" if held.os else "")
    yield _state(held)


def _state(held: Machine) -> str:
    shared = {True: "shared with others", False: "nobody else on it", None: "contention not known"}[held.contended]
    shared += f" ({held.contended_reason})" if held.contended_reason else ""
    if held.throttling is None:
        clocks = (
            f"throttling not known ({held.throttling_reason})" if held.throttling_reason else "throttling not known"
        )
    else:
        clocks = f"throttled: {', '.join(held.throttling)}" if held.throttling else "not throttled"
    return f"{shared}; {clocks}"


def _rows(rows: Iterable[ProfileRow], width: int) -> list[Text]:
    columns = [
        Column(("tok/s",)), Column(("prompt", "tok/s"), rank=3), Column(("TTFT", "ms"), rank=1),
        Column(("TPOT", "ms"), rank=1), Column(("E2E", "ms"), rank=4), Column(("W",), rank=2),
        Column(("J/tok",), rank=2), Column(("failed",), rank=3),
    ]  # fmt: skip
    return grid(columns, [Row(point(row), _cells(row), below=_below(row)) for row in rows], width=width)


def _cells(row: ProfileRow) -> tuple[str, ...]:
    return (
        figures(row.output_tok_per_s), figures(row.prefill_tok_per_s), _central(row.ttft_ms), _central(row.tpot_ms),
        _central(row.e2e_ms), figures(row.power_w), figures(row.joules_per_tok), figures(row.n_failed),
    )  # fmt: skip


def _central(held: Latency) -> str:
    """The mean, or another statistic with its name."""
    if "mean" in held:
        return figures(held["mean"])
    stat = next((name for name in ("p50", "p90", "p95", "p99") if name in held), None)
    return DASH if stat is None else f"{figures(held[stat])} {stat}"


def _below(row: ProfileRow) -> tuple[str, ...]:
    told = [f"flagged, not used by compare: {flag}" for flag in row.flags]
    told += ["token counts are estimated: not used by compare"] if row.estimated else []
    told += ["others used the machine"] if row.contended else []
    told += [f"energy: {row.energy_reason}"] if row.energy_reason else []
    told += [f"energy flagged, not used by compare: {flag}" for flag in row.energy_flags]
    return (f"{row.how.text}, {row.measured_at:%Y-%m-%d}", *told, *row.notes)


def show_list(held: Mapping[str, tuple[Profile, Path]], *, as_json: bool) -> None:
    """Print every profile on one line, with how many of its rows compare may use."""
    if as_json:
        _put({"schema": LIST, "profiles": [_listed(*each) for each in held.values()]})
        return
    out = console()
    if not held:
        say(out, [prose(f"{NONE_YET[0].upper()}{NONE_YET[1:]}.", out.width, indent=0)])
        return
    columns = [Column(("machine",), left=True), Column(("measured",)), Column(("micro-", "benchmarks"), rank=1),
               Column(("rows",)), Column(("usable",))]  # fmt: skip
    rows = [Row(name, _list_cells(profile)) for name, (profile, _) in held.items()]
    say(out, grid(columns, rows, width=out.width, key="profile"))
    say(out, [prose(f"{plural(len(rows), 'profile')}; tco bench show ID has each whole.", out.width, indent=0)])


def _list_cells(profile: Profile) -> tuple[str, ...]:
    usable = sum(row.is_usable for row in profile.rows)
    micro = "yes" if profile.micro is not None else DASH
    return profile.machine.name, f"{profile.measured_at:%Y-%m-%d}", micro, f"{len(profile.rows)}", f"{usable}"


def _listed(profile: Profile, path: Path) -> dict[str, Any]:
    return {
        "id": profile.id, "path": str(path), "measured_at": profile.measured_at.isoformat(),
        "hardware": profile.machine.hardware, "machine": profile.machine.name, "n_gpus": profile.machine.n_gpus,
        "driver": profile.machine.driver, "has_micro": profile.micro is not None, "n_rows": len(profile.rows),
        "n_usable": sum(row.is_usable for row in profile.rows), "tool_version": profile.tool_version,
    }  # fmt: skip


def show_diff(before: Profile, after: Profile, found: Difference, *, as_json: bool) -> None:
    """Print what changed, by how much, and how much noise alone may make."""
    if as_json:
        _put(_diff_record(before, after, found))
        return
    out = console()
    say(out, [Text(f"{before.id} to {after.id}", style="bold"), *(prose(each, out.width) for each in found.warnings)])
    columns = [
        Column(("before",)),
        Column(("after",)),
        Column(("change",)),
        Column(("noise",)),
        Column(("",), left=True),
    ]
    rows: list[Row] = []
    for name in dict.fromkeys(each.point for each in found.changes):
        rows.append(Row(name))
        rows += [Row(f"  {each.metric}", _change(each)) for each in found.changes if each.point == name]
    if found.changes:
        say(out, grid(columns, rows, width=out.width))
    else:
        say(out, [prose("The two have no operating point and no microbenchmark in common.", out.width)])
    for side, points in (("before", found.only_before), ("after", found.only_after)):
        say(out, [prose(f"only {side}: {each}", out.width) for each in points])
    if noises := dict.fromkeys(each.noise for each in found.changes):
        say(out, [prose(f"Noise is two standard deviations of a difference, from: {'; '.join(noises)}.", out.width)])


def _change(each: Change) -> tuple[str, ...]:
    return (
        figures(each.before, 4), figures(each.after, 4), f"{100.0 * each.change_frac:+.1f}%",
        f"±{100.0 * each.limit_frac:.1f}%", each.verdict,
    )  # fmt: skip


def _diff_record(before: Profile, after: Profile, found: Difference) -> dict[str, Any]:
    return {
        "schema": DIFF, "before": before.id, "after": after.id, "is_worse": found.is_worse,
        "changes": [
            {"point": each.point, "metric": each.metric, "unit": each.unit, "before": each.before, "after": each.after,
             "change_frac": each.change_frac, "limit_frac": each.limit_frac, "noise": each.noise,
             "verdict": each.verdict}
            for each in found.changes
        ],
        "only_before": list(found.only_before), "only_after": list(found.only_after),
        "warnings": list(found.warnings),
    }  # fmt: skip
