"""``tco validate``: error and coverage by metric, source, GPU, model, engine and batch, as tables, JSON or Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.text import Text

from tco.errors import UsageError
from tco.files.validation import GIVEN, Validation
from tco.perform.score import GROUPINGS, Score, score, scores
from tco.report import record
from tco.report.accuracy_target import TARGETS, Reached, reached
from tco.report.grid import Column, Row, grid
from tco.report.table import console, say
from tco.report.text import DASH, percent, section

COLUMNS = (
    Column(("rows",)), Column(("median", "error")), Column(("p90", "error")), Column(("bias",), rank=1),
    Column(("in the", "band"), rank=2),
)  # fmt: skip
ONE_POINT = "source, one point measured"
SCHEMA = "tco.validate/1"
NOTES = (
    "Every error here is of rows the constants were not fitted to; a hold-out leaves out whole operating points, "
    "pairings (all rows of a model on an accelerator in an engine and number format), models, accelerators, source "
    "families or engines, and the model is fitted again without them.",
    "The form of the model and the spreads its constants are shrunk by were chosen while looking at these hold-outs, "
    "so they flatter it a little: variants that differ in one spread move a hold-out by one to two points.",
    "The error is |predicted/measured - 1|. The band is p10 to p90 of such held-out errors in the same regime (metric "
    "and batch), so that it would have covered 80% of the other rows. Where something whole is unknown the band is "
    "even about the prediction, for the next machine may be off either way; several unknowns add in quadrature.",
    "With one fold (energy by source) the band is that fold's own; with two or three (prompts and single streams by "
    "source, prompts by model) one says little about the next: laptops of one maker are alike to 3%, graphics cards "
    "are not. With two a band is widened by half at most, and covers less of the odd one than 80%.",
    "Machines of architectures the file does not contain (AMD, Gaudi, TPU, Ascend, Arc, Jetson, older NVIDIA) get "
    "guesses from microbenchmarks and architecture (`tco/perform/assumed.py`) and a band wider by a standard deviation "
    "of 25%. Nothing here tests them.",
    "First-token times contain the burst in which all requests of a benchmark start; see the arrival protocol.",
    "Energy is that of the accelerators: 0.25 of the rated power while they wait for their host, 0.63 to 0.83 while "
    "they compute, times a fitted multiplier. The 79 rows come from one source whose vLLM 0.5 kept the GPUs waiting "
    "most of the time.",
    "After one measured point: a point of each pairing and metric is given to `--calibrate-with`, and the rows without "
    "it are scored. One point for a whole source, of whatever pairing, hardly helps the others: their levels differ "
    "by as much as the sources do.",
    "Constants are those of the engine versions measured (`tco perform` names the version and month it assumes): "
    "between TensorRT-LLM 0.8 and 1.3, vLLM 0.5 and 0.18, SGLang 0.5, llama.cpp of 2023-11 to 2025.",
    "Refit with `python -m tools.fit`: the same to the byte on one thread, one to three minutes.",
)


def tables(found: Validation) -> dict[str, tuple[Score, ...]]:
    """Scores of the file's rows by each grouping."""
    return {
        name: scores(rows=found.runs.rows, error=found.error, covered=found.covered, by=by)
        for name, by in GROUPINGS.items()
    }


def hold_outs(found: Validation) -> dict[str, tuple[Score, ...]]:
    """Scores of each hold-out by metric; the source hold-out also after one measured point of each site."""
    return {
        ONE_POINT if kind == "site" else kind: scores(
            rows=found.runs.rows, error=error, covered=inside, by=GROUPINGS["metric"]
        )
        for kind, (error, inside) in found.held_out.items()
        if not kind.endswith(GIVEN)
    }


def overall(found: Validation) -> Score | None:
    """Score over all rows with a value, None where there is none."""
    usable = np.isfinite(found.error)
    return score(label="all rows", error=found.error[usable], covered=found.covered[usable]) if np.any(usable) else None


def show(found: Validation, *, as_json: bool, chart: Path | None, document: Path | None) -> None:
    """Print the tables or the JSON object; draw the chart and write the document where asked."""
    if chart is not None:
        from tco.report import accuracy_chart

        accuracy_chart.draw(found, chart)
    if document is not None:
        try:
            document.write_text(markdown(found), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--document: cannot write {str(document)!r}: {error.strerror or error}") from None
    if as_json:
        print(record.dumps(as_record(found)))
        return
    out = console()
    for line in headline(found):
        say(out, [Text(line)])
    for name, held in {
        **{f"Held out: {kind}": each for kind, each in hold_outs(found).items()},
        **_named(found),
    }.items():
        say(out, [section(name), *_table(held, out.width)])
    if found.held_out:
        say(out, [section("Targets"), *_target_table(reached(found), out.width)])


def _named(found: Validation) -> dict[str, tuple[Score, ...]]:
    return {f"By {name}": held for name, held in tables(found).items()}


def headline(found: Validation) -> list[str]:
    """What was predicted, by which constants, in a few lines."""
    origin = found.fitted.origin
    whole = overall(found)
    lines = [
        f"{found.path.name}: {found.n_rows:,} rows, {len(found.runs.rows):,} predicted, {len(found.reasons):,} not.",
        f"Constants fitted {origin['fitted_on']} to {origin['n_rows']:,} rows of {origin['rows_from']} to"
        f" {origin['rows_to']}; {found.n_fitted:,} rows here are among them, each predicted by a fit without it.",
    ]
    if whole is not None:
        lines.append(
            f"Median absolute error {percent(whole.median_frac)}, p90 {percent(whole.p90_frac)} over {whole.n:,} rows;"
            f" {percent(whole.covered_frac)} within their p10-p90 band."
        )
    return lines + [f"Not predicted: {reason}" for reason in sorted(set(found.reasons.values()))[:5]]


def _cells(each: Score) -> tuple[str, ...]:
    shares = (each.median_frac, each.p90_frac, each.bias_frac, each.covered_frac)
    return (f"{each.n:,}", *(percent(value) for value in shares))


def _table(held: Sequence[Score], width: int) -> list[Text]:
    return grid(COLUMNS, [Row(each.label, _cells(each)) for each in held], width=width)


def _target_table(held: Sequence[Reached], width: int) -> list[Text]:
    columns = (Column(("rows",)), Column(("target",)), Column(("reached",)), Column(("",), left=True))
    rows = [Row(each.name, (f"{each.n:,}", percent(each.target_frac), _tenths(each), each.verdict)) for each in held]
    return grid(columns, rows, width=width)


def _tenths(each: Reached) -> str:
    """What was reached, to a tenth of a percent: enough to see by how much a target is met or missed."""
    return f"{each.median_frac:.1%}" if each.n else DASH


def _score_record(each: Score) -> dict[str, Any]:
    return {
        "label": each.label, "n": each.n, "median_error_frac": each.median_frac, "p90_error_frac": each.p90_frac,
        "bias_frac": each.bias_frac, "covered_frac": each.covered_frac,
    }  # fmt: skip


def as_record(found: Validation) -> dict[str, Any]:
    """The JSON object: scores by grouping and hold-out, targets, constants' origin, reasons."""
    whole = overall(found)
    return {
        "schema": SCHEMA,
        "file": found.path.name,
        "n_rows": found.n_rows,
        "n_predicted": len(found.runs.rows),
        "n_fitted": found.n_fitted,
        "overall": _score_record(whole) if whole else None,
        "by": {name: [_score_record(each) for each in held] for name, held in tables(found).items()},
        "held_out": {name: [_score_record(each) for each in held] for name, held in hold_outs(found).items()},
        "targets": [
            {
                "name": each.name,
                "n": each.n,
                "target_frac": each.target_frac,
                "median_error_frac": each.median_frac if each.n else None,
            }
            for each in (reached(found) if found.held_out else ())
        ],
        "reasons": dict(sorted(found.reasons.items())),
        "constants": found.fitted.origin,
    }


def markdown(found: Validation) -> str:
    """The page ``docs/accuracy.md``: targets, hold-outs and errors by group."""
    lines = ["# Accuracy of the performance model", "", "Written by `tco validate --document docs/accuracy.md`.", ""]
    lines += [*headline(found), "", *(f"- {note}" for note in NOTES), ""]
    if found.held_out:
        lines += _target_lines(found)
        for kind, held in hold_outs(found).items():
            lines += ["", f"## Held out: {kind}", "", *_markdown_table(held)]
    for name, held in tables(found).items():
        lines += ["", f"## By {name}", "", *_markdown_table(held)]
    return "\n".join(lines) + "\n"


def _target_lines(found: Validation) -> list[str]:
    lines = ["## Against the targets", "", "| hold-out | rows | target | reached | |", "|---|---|---|---|---|"]
    for each in reached(found):
        cells = (f"{each.n:,}", percent(each.target_frac), _tenths(each), each.verdict)
        lines.append(f"| {each.name} | {' | '.join(cells)} |")
    lines += ["", "Where a target is missed, and where the figure says less than it seems:", ""]
    lines += [f"- {target.name}: {target.remark}" for target in TARGETS if target.remark]
    return lines


def _markdown_table(held: Sequence[Score]) -> list[str]:
    head = ["| | rows | median error | p90 error | bias | in the band |", "|---|---|---|---|---|---|"]
    return head + [f"| {each.label} | {' | '.join(_cells(each))} |" for each in held]
