"""Files in, findings out: each file is told by its content and gets the checks that apply to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tco.check import asked, assumptions, data, results, waivers
from tco.check.changes import CostChange
from tco.check.context import Context
from tco.check.finding import ORDER, Failure, Finding, Severity, of_problem
from tco.errors import EXIT_DATA, EXIT_INPUT, EXIT_NO, EXIT_OK, InvalidInputError, Problem, TcoError
from tco.files.explain import meant
from tco.files.marks import Document, parse
from tco.files.text import read_text

UNASKED = "tco.toml: check.budget and check.verdict judge records of `tco compare --json`, and none was checked"
MAX_BYTES = 64_000_000
MAX_NODES = 4_000_000
SUFFIXES = (".yaml", ".yml", ".csv", ".json")
KEYS = ("assumptions", "claims", "facts", "golden", "budget", "verdict")
WITH_CLAIMS = ("articles", "facts", "families")
BESIDE = ("name", "note", *WITH_CLAIMS)  # and anything that begins with x-
ACCEPTED = (
    f"a file with {', '.join(KEYS[:-1])} or {KEYS[-1]}; a data file or workload of this tool; "
    "a record of `tco compare --json`"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """The sentence of ``--claim``, how it was understood, and its verdict with the arithmetic behind it."""

    sentence: str
    understood: tuple[str, ...]
    on: str
    verdict: str
    arithmetic: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of a run, by file and place, with what was checked against what.

    ``judged`` is the sentence of ``--claim``, which a report shows whatever its verdict.
    """

    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]
    files: tuple[str, ...]
    n_items: int
    as_of: str
    prices: str
    baseline: str = ""
    changes: tuple[CostChange, ...] = ()
    judged: Judged | None = None

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def exit_code(self, fail_on: str, *, warn_only: bool = False) -> int:
        """0 clean, 1 a finding at or above ``fail_on``, 2 a file that cannot be read, 3 a check that failed."""
        codes = {failure.exit_code for failure in self.failures}
        codes |= {EXIT_INPUT for finding in self.findings if finding.rule == "schema"}
        if codes:
            return EXIT_INPUT if EXIT_INPUT in codes else max(codes | {EXIT_DATA})
        if warn_only or fail_on == "never":
            return EXIT_OK
        least = ORDER.index("warning" if fail_on == "warning" else "error")
        worst = max((ORDER.index(finding.severity) for finding in self.findings), default=-1)
        return EXIT_NO if worst >= least else EXIT_OK


def run(paths: Sequence[Path], context: Context) -> Report:
    """Check files and folders. One that cannot be read stops no other."""
    found: list[Finding] = []
    n_items = 0
    files = list(dict.fromkeys(discover(paths)))
    for path in files:
        try:
            more, n_more = check_file(path, context)
            found += more
            n_items += n_more
        except InvalidInputError as error:
            found += [of_problem(problem) for problem in error.problems]
        except TcoError as error:
            context.failures.append(Failure(str(path), 0, 0, "", str(error), error.exit_code))
    if not context.records and (context.settings.budgets or context.settings.verdicts):
        context.doubts[UNASKED] = None
    return Report(
        _leveled(found, context), tuple(context.failures), tuple(map(str, files)), n_items, context.as_of.isoformat(),
        context.prices.id, context.baseline.label if context.baseline else "", tuple(context.changes),
    )  # fmt: skip


def _leveled(found: list[Finding], context: Context) -> tuple[Finding, ...]:
    """Findings without those of rules that are off, once each, in the order of files and places."""
    kept = dict.fromkeys(finding for finding in found if context.settings.level(finding.rule) != "off")
    return tuple(sorted(kept, key=lambda each: (each.path, each.line, each.column, each.rule, each.message)))


def discover(paths: Sequence[Path]) -> Iterator[Path]:
    """The files of the paths; of a folder every YAML, CSV and JSON file below it. Raises InvalidInputError."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = [each for each in sorted(path.rglob("*")) if each.suffix in SUFFIXES and _is_shown(each, path)]
        if not found:
            raise InvalidInputError([Problem(str(path), 0, 0, "", f"holds no {', '.join(SUFFIXES)} file to check")])
        yield from found


def _is_shown(path: Path, folder: Path) -> bool:
    return path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)


def check_file(path: Path, context: Context) -> tuple[list[Finding], int]:
    """Findings of one file and how many items it holds. Raises TcoError where it cannot be checked."""
    if _is_empty(path):
        return [_nothing(str(path), "the file is empty", context)], 0
    text = read_text(path, MAX_BYTES)
    if path.suffix == ".csv":
        return data.table(text, str(path), context)
    if path.suffix == ".json" or text.lstrip().startswith("{"):
        found = _json(text, path, context)
        if found is not None:
            return found
    try:
        return check_text(text, str(path), context)
    except InvalidInputError:
        if path.suffix == ".json":
            _require_json(text, str(path))
        raise


def _require_json(text: str, path: str) -> None:
    """Raises InvalidInputError where a text is no JSON, in JSON's own words."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg}"
        raise InvalidInputError([Problem(path, error.lineno, error.colno, "", message)]) from None
    except RecursionError:
        return


def check_text(text: str, path: str, context: Context) -> tuple[list[Finding], int]:
    """Findings of a YAML text, waivers applied, and how many items it holds."""
    document = parse(text, path, max_bytes=MAX_BYTES, max_nodes=MAX_NODES)
    found, n_items = _document(document, context)
    unreadable = [of_problem(problem) for problem in document.problems]
    places = {(each.line, each.column) for each in unreadable}
    found = unreadable + [each for each in found if (each.line, each.column) not in places or each.rule != "plausible"]
    return waivers.apply(document, text, found, context), n_items


def _document(document: Document, context: Context) -> tuple[list[Finding], int]:
    keys = [key for key in KEYS if key in document.data]
    kind = "" if keys else data.kind_of(document.data)
    if kind:
        return data.check(replace(document, problems=()) if document.problems else document, kind, context)
    wrong = [
        of_problem(document.problem((key,), f"unknown key{meant(str(key), KEYS)} expected {ACCEPTED}", key=True))
        for key in document.data
        if key not in (*KEYS, *BESIDE) and not str(key).startswith("x-")
    ]
    if not keys and not wrong:
        wrong = [of_problem(document.problem((), f"nothing to check; expected {ACCEPTED}"))]
    n_items = 0
    for key in keys:
        if document.data[key] in (None, (), {}):
            wrong.append(_nothing(document.path, f"{key} is empty", context, document.mark((key,), key=True)))
            continue
        more, n_more = _listed(document, key, context)
        wrong += more
        n_items += n_more
    return wrong, n_items


def _listed(document: Document, key: str, context: Context) -> tuple[list[Finding], int]:
    if key == "assumptions":
        return assumptions.check(document, context)
    if key == "claims":
        return _claims(document, context)
    if key == "facts":
        from tco.check import claims

        return claims.check_facts(document), 0 if "claims" in document.data else len(document.data[key])
    return asked.check(document, key, context)


def _claims(document: Document, context: Context) -> tuple[list[Finding], int]:
    """Findings of the claims of a document, which may hold other items, and waivers at its claims."""
    from tco.check import claims

    held = document.data["claims"]
    if isinstance(held, tuple):
        bare = [{k: v for k, v in each.items() if k != "waive"} if isinstance(each, dict) else each for each in held]
        held = tuple(bare)
    parts = {key: document.data[key] for key in WITH_CLAIMS if key in document.data}
    return claims.check(replace(document, data={**parts, "claims": held}), context), len(held)


def _json(text: str, path: Path, context: Context) -> tuple[list[Finding], int] | None:
    """Findings of a record of ``tco compare`` or a file of a price sheet; None where it is neither."""
    sheet = data.sheet_file(text, str(path), context)
    if sheet is not None:
        return sheet
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(held, dict) and "schema" in held:
        return asked.of_record(results.parse(text, path), path, context)
    return None


def _is_empty(path: Path) -> bool:
    """Whether a file holds nothing but blanks and comments."""
    try:
        if path.stat().st_size > MAX_BYTES or not path.is_file():
            return False
        lines = path.read_bytes().splitlines()
    except (OSError, ValueError):
        return False
    return all(not line.strip() or line.lstrip().startswith((b"#", b"---")) for line in lines)


def _nothing(path: str, message: str, context: Context, at: tuple[int, int] = (1, 1)) -> Finding:
    return Finding(
        "plausible", context.severity("plausible"), path, *at, "", f"{message}: nothing was checked",
        expected="at least one item",
    )  # fmt: skip
