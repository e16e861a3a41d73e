"""Where prices come from: what a person may name as a source, and whose data a document holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tco.errors import MissingDataError, UsageError

INDEXED = ("genai-prices", "litellm")  # projects of the package index
ADDRESSES = {"models.dev": "https://models.dev/api.json", "openrouter": "https://openrouter.ai/api/v1/models"}
KINDS = (*INDEXED, *ADDRESSES)
LICENCES = {
    "genai-prices": "MIT, github.com/pydantic/genai-prices",
    "litellm": "MIT (outside enterprise/), github.com/BerriAI/litellm",
    "models.dev": "MIT, github.com/anomalyco/models.dev",
    "openrouter": "output of the OpenRouter API",
}
_KIND = "|".join(re.escape(kind) for kind in KINDS)
_STATED = re.compile(rf"(?P<kind>{_KIND})(?:@(?P<version>[0-9][0-9A-Za-z.!+_-]*))?(?:=(?P<place>.+))?")
_HASH = re.compile(r"(?P<rest>.*)#sha256=(?P<digest>[0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class Origin:
    """A source as a person named it. Without a kind the data says itself whose it is."""

    text: str
    kind: str | None = None
    place: str | None = None
    version: str | None = None
    sha256: str | None = None


def parse_origin(text: str) -> Origin:
    """Read ``litellm``, ``litellm@1.109.1#sha256=…``, ``litellm=FILE``, an address or a file. Raises UsageError."""
    hashed = _HASH.fullmatch(text)
    digest = hashed["digest"].lower() if hashed else None
    rest = hashed["rest"] if hashed else text
    stated = _STATED.fullmatch(rest)
    if stated and (stated["place"] or not Path(rest).is_file()):
        if stated["version"] and not stated["place"] and stated["kind"] in ADDRESSES:
            raise UsageError(
                f"--source: got {text!r}; {stated['kind']} has no versions; name it without one, or a file of it"
            )
        return Origin(text, stated["kind"], stated["place"], stated["version"], digest)
    if "#" in text and not hashed:
        raise UsageError(f"--source: got {text!r}; expected #sha256= and 64 hexadecimal digits after the source")
    scheme = urlsplit(rest).scheme.lower()
    if "://" in rest and scheme not in ("http", "https", "file"):
        raise UsageError(f"--source: got {text!r}; expected an address with http, https or file")
    if scheme in ("http", "https", "file") or Path(rest).is_file() or "/" in rest or rest.endswith((".json", ".whl")):
        return Origin(text, None, rest, None, digest)
    raise UsageError(
        f"--source: got {text!r}; expected {', '.join(KINDS)}, with @version or =FILE, an address, or a file"
    )


def sniffed(data: Any, where: str) -> str:
    """Whose data a document is, by its shape. Raises MissingDataError when it is nobody's."""
    listed = data.get("providers", data.get("data")) if isinstance(data, dict) else data
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        if "models" in listed[0]:
            return "genai-prices"
        if "pricing" in listed[0]:
            return "openrouter"
    if isinstance(data, dict):
        held = [part for part in data.values() if isinstance(part, dict)]
        if any("litellm_provider" in part for part in held):
            return "litellm"
        if any(isinstance(part.get("models"), dict) for part in held):
            return "models.dev"
    kinds = ", ".join(f"{kind}=" for kind in KINDS)
    raise MissingDataError(
        f"{where}: JSON, but of none of the known sources; say whose it is with one of {kinds} before it"
    )
