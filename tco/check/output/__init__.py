"""Findings as text, JSON, Markdown, a pull-request comment, GitHub annotations, JUnit and SARIF."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from tco.check.run import Report

FORMATS = ("text", "json", "markdown", "comment", "github", "junit", "sarif")


def render(report: Report, form: str, *, exit_code: int) -> str:
    """A report in one of the formats, ending with a newline."""
    made: Callable[..., str] = import_module(f"tco.check.output.{form}").render
    return made(report, exit_code=exit_code)
