"""Readers of the upstream registries: bytes in, offers out, with a reason for every row left out."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from tco.sheets.upstream import genai, litellm, modelsdev, openrouter
from tco.sheets.upstream.common import Converted


class Convert(Protocol):
    """Turn the bytes of a registry into offers; raises MissingDataError when they are no such registry."""

    def __call__(self, raw: bytes, *, retrieved: date, version: str) -> Converted: ...


# By the name of the source, in order of precedence: the dated registry first, the floating route last.
CONVERTERS: dict[str, Convert] = {
    "genai-prices": genai.convert,
    "litellm": litellm.convert,
    "models.dev": modelsdev.convert,
    "openrouter": openrouter.convert,
}
LICENCES: dict[str, str] = {
    "genai-prices": "MIT",
    "litellm": "MIT (outside enterprise/)",
    "models.dev": "MIT",
    "openrouter": "OpenRouter API output",
}
# Where a registry lies inside its wheel on the package index.
WHEEL_MEMBERS: dict[str, str] = {
    "genai-prices": "genai_prices/data.py",
    "litellm": "litellm/model_prices_and_context_window_backup.json",
}
