"""Text of an input file, with every way a file can be unreadable told apart."""

from __future__ import annotations

import re
import stat
from difflib import get_close_matches
from pathlib import Path

from tco.errors import InvalidInputError, Problem

MAX_BYTES = 5_000_000
BYTES_PER_MB = 1e6

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UNPRINTABLE = "[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """Text of a UTF-8 file of at most 5 MB unless more is allowed; a byte order mark is dropped.

    Raises InvalidInputError for a path or bytes that cannot be a text file.
    """
    try:
        state = path.stat()
        if stat.S_ISDIR(state.st_mode):
            raise _invalid(path, "is a directory; name a file in it")
        _check_size(path, state.st_size, max_bytes)
        with path.open("rb") as stream:
            raw = stream.read(max_bytes + 1)
    except FileNotFoundError:
        raise _invalid(path, f"no such file{_near(path)}; check the path") from None
    except PermissionError:
        raise _invalid(path, "may not be read; change its permissions") from None
    except (OSError, ValueError) as error:
        raise _invalid(path, f"cannot be read ({getattr(error, 'strerror', None) or error}); check the path") from None
    if len(raw) > max_bytes:
        most = f"{max_bytes / BYTES_PER_MB:g} MB"
        raise _invalid(path, f"file is more than {most}; expected at most {most}")
    return decode(raw, str(path))


def decode(raw: bytes, path: str) -> str:
    """Text of UTF-8 bytes; raises InvalidInputError for UTF-16, binary data and control characters."""
    if raw.startswith(_UTF16_MARKS):
        raise _invalid(path, "file is UTF-16; save it as UTF-8")
    raw = raw.removeprefix(_UTF8_MARK)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, start = before.count(b"\n") + 1, before.rfind(b"\n") + 1
        column = len(before[start:].decode("utf-8")) + 1
        message = f"got byte 0x{raw[error.start]:02x}, which is not UTF-8; expected a text file saved as UTF-8"
        raise InvalidInputError([Problem(path, line, column, "", message)]) from None
    check_characters(text, path)
    return text


def check_characters(text: str, path: str) -> None:
    """Raises InvalidInputError at the first character no text file should hold, or for an empty text."""
    if not text or text.isspace():
        raise _invalid(path, "file is empty; expected keys and values")
    found = None if text.replace("\n", "").isprintable() else re.search(_UNPRINTABLE, text)  # compiled when needed
    if found is None:
        return
    line, column = position(text, found.start())
    if found[0] == "\0":
        message = "got a NUL byte, so this is a binary file; expected a text file saved as UTF-8"
    else:
        message = f"got control character U+{ord(found[0]):04X}; expected printable text; delete it"
    raise InvalidInputError([Problem(path, line, column, "", message)])


def position(text: str, index: int) -> tuple[int, int]:
    """Line and column, both from 1, of a character."""
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _check_size(path: Path, n_bytes: int, max_bytes: int) -> None:
    if n_bytes > max_bytes:
        most = f"{max_bytes / BYTES_PER_MB:g} MB"
        raise _invalid(path, f"file is {n_bytes / BYTES_PER_MB:.1f} MB; expected at most {most}")


def _near(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    guesses = get_close_matches(path.name, names, n=1)
    return f"; did you mean {str(path.with_name(guesses[0]))!r}?" if guesses else ""


def _invalid(path: Path | str, message: str) -> InvalidInputError:
    return InvalidInputError([Problem(str(path), 0, 0, "", message)])
