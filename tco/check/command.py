"""What ``tco check`` does with its arguments: the context they ask for, the report and the exit code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tco.check import settings
from tco.check.context import Context
from tco.check.finding import RULES
from tco.check.prices import Prices, of_catalogue, of_offers
from tco.errors import EXIT_NO, EXIT_OK, MissingDataError, UsageError
from tco.files import overlay
from tco.files.catalogue import Catalogue, shipped_folder
from tco.files.instants import parse_day
from tco.files.pinned import too_old

if TYPE_CHECKING:
    from tco.check.run import Report

AUDIT = "audit"  # a page about claims; every other format is about findings
FAIL_ON = ("error", "warning", "never")
MAX_COMPLAINTS = 50
SETTINGS = Path("tco.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The arguments of the command."""

    files: tuple[Path, ...]
    baseline: tuple[Path, ...] = ()
    fail_on: str = "error"
    warn_only: bool = False
    form: str = "text"
    output: Path | None = None
    sheet: str | None = None
    as_of: str | None = None
    data: Path | None = None
    allow_rumoured: bool = False
    allow_new: bool = False
    claim: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What to print, what to complain about, and the exit code."""

    text: str
    exit_code: int
    complaint: str = ""


def check(asked: Asked) -> Answer:
    """Check the files. Raises UsageError, InvalidInputError and MissingDataError before anything is checked."""
    _check_words(asked)
    if asked.claim is not None:
        return _claim(asked, asked.claim)
    if not asked.files:
        raise UsageError("no file to check; name files or folders, or `--self-test`")
    if asked.form == AUDIT:
        return _audit(asked)
    from tco.check.output import render
    from tco.check.run import run

    context = context_of(asked)
    report = run(asked.files, context)
    code = report.exit_code(asked.fail_on, warn_only=asked.warn_only)
    text = render(report, asked.form, exit_code=code)
    if asked.output is not None:
        _write(asked.output, text)
    if asked.form == "text":  # errors are for stderr, where a person sees them once
        from tco.check.output import text as lines

        text = lines.render(report, exit_code=code, with_errors=False)
    return Answer(text, code, _complaint(report, context, most=None if asked.form == "text" else MAX_COMPLAINTS))


def _claim(asked: Asked, sentence: str) -> Answer:
    from tco.check.claims import command as claims

    if asked.files or asked.form == AUDIT:
        raise UsageError("--claim: judges one sentence; it takes neither files nor `--format audit`")
    context = _claim_context(asked)
    text, code = claims.answer(sentence, context, asked.form, fail_on=asked.fail_on, warn_only=asked.warn_only)
    if asked.output is not None:
        _write(asked.output, text)
    return Answer(text, code, "\n".join(f"warning: {doubt}" for doubt in context.doubts))


def _audit(asked: Asked) -> Answer:
    from tco.check.claims import audit

    text = audit.of_paths(asked.files, context_of(asked))
    if asked.output is not None:
        _write(asked.output, text)
    return Answer(text, EXIT_OK)


def _claim_context(asked: Asked) -> Context:
    """The context of one sentence: without what only files need."""
    held = settings.read(SETTINGS)
    if asked.baseline or held.budgets or held.verdicts:
        return context_of(asked)
    catalogue = Catalogue(asked.data)
    overlay.check(catalogue)
    return Context(
        as_of=_day(asked), catalogue=catalogue, prices=_prices(asked.sheet, catalogue), compare=_no_workload,
        settings=held, allow_rumoured=asked.allow_rumoured,
    )  # fmt: skip


def _no_workload(workload: str, on: date) -> dict[str, Any]:
    raise UsageError(f"--claim: a sentence asks nothing of {workload} on {on}")


def _day(asked: Asked) -> date:
    return parse_day(asked.as_of) if asked.as_of else datetime.now(UTC).date()


def context_of(asked: Asked) -> Context:
    """The day, the prices, the settings and the baseline that the arguments ask for."""
    from tco.check import baseline
    from tco.check.asked import of_settings
    from tco.check.results import Comparer

    catalogue = Catalogue(asked.data)
    overlay.check(catalogue)
    held = settings.read(SETTINGS)
    of_settings(held)
    bare = Context(
        as_of=_day(asked), catalogue=catalogue, prices=_prices(asked.sheet, catalogue),
        compare=Comparer(asked.data, asked.allow_rumoured), settings=held, allow_rumoured=asked.allow_rumoured,
        allow_new=asked.allow_new,
    )  # fmt: skip
    before = baseline.load(asked.baseline, bare.usd_per, allow_new=asked.allow_new)
    return replace(bare, baseline=before)


def self_test(asked: Asked) -> Answer:
    """Plant an error for every rule; 0 only when each is caught and the clean file is clean."""
    from tco.check import selftest

    _check_words(asked)
    results = selftest.run()
    width = max(len(name) for name in RULES) + 2
    lines = [f"{each.rule:<{width}}{'ok' if each.caught else 'MISSED':<8}{each.message}" for each in results]
    missed = sum(not each.caught for each in results)
    lines.append(f"{len(results) - missed} of {len(results)} as they should be")
    return Answer("\n".join([*lines, ""]), EXIT_NO if missed else EXIT_OK)


def _check_words(asked: Asked) -> None:
    if asked.form != "text":
        from tco.check.output import FORMATS

        forms = (*FORMATS, AUDIT)
        if asked.form not in forms:
            raise UsageError(f"--format: got {asked.form!r}; expected one of: {', '.join(forms)}")
    if asked.fail_on not in FAIL_ON:
        raise UsageError(f"--fail-on: got {asked.fail_on!r}; expected one of: {', '.join(FAIL_ON)}")


def _prices(sheet: str | None, catalogue: Catalogue) -> Prices:
    if sheet is None:
        return of_catalogue(catalogue)
    from tco.sheets import shipped
    from tco.sheets.refs import resolve
    from tco.sheets.store import Store

    def offers_shipped() -> tuple[object, ...]:
        curated = Catalogue(use_sheet=False).offers
        return shipped.with_curated(curated, shipped_folder() / "pricing" / "sheet")

    named = resolve(sheet, Store(), shipped=offers_shipped)  # type: ignore[arg-type]
    label = f"price sheet {named.id[:12]}" if named.id else "shipped prices"
    return of_offers(label, named.offers, catalogue)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MissingDataError(f"--output {path}: cannot be written: {error.strerror or error}") from None


def _complaint(report: Report, context: Context, *, most: int | None) -> str:
    """What kept files from being checked, and doubts about what they were checked against, for stderr.

    ``most`` bounds the lines where stdout has all of them, too.
    """
    from tco.check.output.text import one_line

    doubts = [
        *too_old(context.catalogue.sheet, context.as_of), *overlay.warnings(context.catalogue), *context.doubts
    ]  # fmt: skip
    broken = [each for each in report.findings if each.rule == "schema"]
    lines = [
        f"{each.place}: {each.subject}: {each.message}" if each.subject else f"{each.place}: {each.message}"
        for each in broken
    ]
    lines += map(str, report.failures)
    left = len(lines) - most if most is not None else 0
    more = [f"and {left:,} more; the report has them all"] if left > 0 else []
    return "\n".join(map(one_line, [*(f"warning: {doubt}" for doubt in doubts), *lines[:most], *more]))
