"""Published claims as structure: recomputed, held against what is known, and given a verdict with its arithmetic."""

from __future__ import annotations

from tco.check.claims.book import Book, book, facts_of
from tco.check.claims.evidence import Evidence
from tco.check.claims.judge import Judge, Judgement
from tco.check.claims.outcome import Verdict
from tco.check.context import Context
from tco.check.finding import Finding
from tco.errors import InvalidInputError
from tco.files.marks import Document

__all__ = ["RULE", "Judgement", "check", "check_facts", "judgements"]

# A claim that is right is no finding.
RULE: dict[Verdict, str] = {
    "unit_error": "claim-unit", "arithmetic_error": "claim-arithmetic", "contradicts": "claim-contradicts",
    "stale": "claim-stale", "needs_assumption": "claim-needs-assumption", "unverifiable": "claim-unverifiable",
}  # fmt: skip


def check(document: Document, context: Context) -> list[Finding]:
    """Findings of a file of claims, in file order; raises InvalidInputError where it is no such file."""
    return [
        _finding(document, place, judgement, context)
        for place, judgement in enumerate(judgements(document, context))
        if judgement.verdict in RULE
    ]


def check_facts(document: Document) -> list[Finding]:
    """Read a file of facts; raises InvalidInputError where it is none. A file of claims names its facts instead."""
    if "claims" not in document.data:
        facts_of(document)
    return []


def judgements(document: Document, context: Context) -> list[Judgement]:
    """The verdict on every claim of a file, in file order; raises InvalidInputError."""
    held = book(document, context)
    judge = Judge(held, evidence_of(held, context))
    found, problems = [], []
    for place, name in enumerate(held.claims):
        try:
            found.append(judge.judgement(name))
        except ValueError as error:
            problems.append(document.problem(("claims", place), str(error)))
    if problems:
        raise InvalidInputError(problems)
    return found


def evidence_of(held: Book, context: Context) -> Evidence:
    """What the claims of a book are held against; a publication is no evidence for itself."""
    return Evidence(context, held.facts, tuple(article.source for article in held.articles.values()))


def _finding(document: Document, place: int, judgement: Judgement, context: Context) -> Finding:
    claim, outcome = judgement.claim, judgement.outcome
    stated = "; ".join(state.value for state in claim.states)
    return context.finding(
        RULE[outcome.verdict], document, ("claims", place, "id"), claim.id,
        f"{outcome.verdict.replace('_', ' ')}: {outcome.lines[-1]}", found=stated,
        evidence="; ".join(outcome.against), arithmetic=outcome.lines,
    )  # fmt: skip
