"""``tco check --claim``: one sentence as a report of one item, with how it was understood."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tco.check.claims import RULE
from tco.check.claims.sentence import Understood, understand
from tco.check.context import Context
from tco.check.finding import CLAIM, ORDER, Finding
from tco.errors import EXIT_NO, EXIT_OK

if TYPE_CHECKING:
    from tco.check.run import Report


def report_of(understood: Understood, context: Context) -> Report:
    """A report of the sentence with the one finding, or none for a claim that is right."""
    from tco.check.run import Judged, Report

    outcome = understood.judgement.outcome
    rule = RULE.get(outcome.verdict)
    found: tuple[Finding, ...] = ()
    if rule and context.settings.level(rule) != "off":
        stated = "; ".join(state.value for state in understood.judgement.claim.states)
        message = f"{outcome.verdict.replace('_', ' ')}: {outcome.lines[-1]}"
        found = (
            Finding(
                rule, context.severity(rule), CLAIM, 0, 0, understood.sentence, message, found=stated,
                evidence="; ".join(outcome.against), arithmetic=outcome.lines,
            ),
        )  # fmt: skip
    judged = Judged(
        understood.sentence, tuple(understood.echo), understood.on.isoformat(), outcome.verdict, outcome.lines,
        outcome.against,
    )  # fmt: skip
    return Report(found, (), (CLAIM,), 1, context.as_of.isoformat(), context.prices.label, judged=judged)


def answer(sentence: str, context: Context, form: str, *, fail_on: str, warn_only: bool) -> tuple[str, int]:
    """The text of a format and the exit code; raises UsageError for a sentence that is not understood."""
    understood = understand(sentence, context)
    if form == "text":
        return _text(understood), _code(understood, context, fail_on, warn_only=warn_only)
    from tco.check.output import render

    report = report_of(understood, context)
    code = report.exit_code(fail_on, warn_only=warn_only)
    text = render(report, form, exit_code=code)
    if form == "json":
        text = json.dumps({**json.loads(text), "claim": record(understood)}, ensure_ascii=False, allow_nan=False) + "\n"
    return text, code


def _code(understood: Understood, context: Context, fail_on: str, *, warn_only: bool) -> int:
    """The exit code of the one finding, as `Report.exit_code` has it."""
    rule = RULE.get(understood.judgement.verdict)
    if rule is None or warn_only or fail_on == "never" or context.settings.level(rule) == "off":
        return EXIT_OK
    return (
        EXIT_NO
        if ORDER.index(context.severity(rule)) >= ORDER.index("warning" if fail_on == "warning" else "error")
        else EXIT_OK
    )


def record(understood: Understood) -> dict[str, object]:
    """The sentence as it was understood, and what came of it."""
    outcome = understood.judgement.outcome
    return {
        "sentence": understood.sentence,
        "shape": understood.shape,
        "on": understood.on.isoformat(),
        "states": understood.states,
        "notes": list(understood.notes),
        "verdict": outcome.verdict,
        "arithmetic": list(outcome.lines),
        "against": list(outcome.against),
    }


def _text(understood: Understood) -> str:
    outcome = understood.judgement.outcome
    lines = [f"understood: {line}" for line in understood.echo]
    lines += [
        f"on:         {understood.on}",
        f"verdict:    {outcome.verdict}",
        *(f"  = {line}" for line in outcome.lines),
    ]
    return "\n".join([*lines, ""])
