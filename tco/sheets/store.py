"""The store of price sheets: immutable files named by their content, and one line that says which is current.

Every write goes to a temporary file in the same folder, is synced and renamed, and then the folder is
synced: killed at any instant, the current sheet is the old one or the new one, never half of either.
"""

from __future__ import annotations

import errno
import gzip
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from tco.errors import MissingDataError, UsageError
from tco.sheets.filelock import held_lock
from tco.sheets.home import home_folder
from tco.sheets.sheet import Sheet, dumps, loads, sheet_id

MAX_BYTES = 256_000_000  # of one sheet, unpacked
TEMPORARY = ".tmp-"
DIGEST = re.compile(r"[0-9a-f]{64}")
PREFIX = re.compile(r"[0-9a-f]{6,64}")
_BINARY = getattr(os, "O_BINARY", 0)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class Store:
    """Sheets in a folder. Nothing in it is ever changed except the file ``current``, which is replaced."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home_folder()
        self.sheets = self.folder / "sheets"
        self.raw = self.folder / "raw"

    def current_id(self) -> str | None:
        """The id of the current sheet; None when nothing was pulled yet."""
        path = self.folder / "current"
        try:
            text = path.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _explained(error, f"cannot read {path}") from None
        if not DIGEST.fullmatch(text):
            raise MissingDataError(
                f"{path}: got {text[:80]!r}; expected the id of a sheet; `tco prices pull` writes a new one"
            )
        return text

    def current(self) -> Sheet | None:
        """The current sheet, verified; None when nothing was pulled yet."""
        held = self.current_id()
        return None if held is None else self.load(held)

    def ids(self) -> list[str]:
        """The ids of all sheets held, in no order that means anything."""
        found = (path.name.removesuffix(".json.gz") for path in self.sheets.glob("*.json.gz"))
        return sorted(name for name in found if DIGEST.fullmatch(name))

    def full_id(self, name: str) -> str:
        """The one id that begins with ``name`` (at least six digits). Raises UsageError when several do."""
        found = [each for each in self.ids() if PREFIX.fullmatch(name) and each.startswith(name)]
        if len(found) > 1:
            raise UsageError(f"sheet {name!r} is ambiguous: {', '.join(each[:16] for each in found)}")
        if not found:
            raise MissingDataError(
                f"no sheet {name!r} in {self.folder}; `tco prices list` shows all, `tco prices pull` makes one"
            )
        return found[0]

    def load(self, name: str) -> Sheet:
        """A sheet by id or the beginning of it, its hash verified. Raises MissingDataError when it was changed."""
        held = self.full_id(name)
        return unpacked(self.path(held), expected=held)

    def path(self, held: str) -> Path:
        """The file of a sheet."""
        return self.sheets / f"{held}.json.gz"

    def put(self, sheet: Sheet) -> str:
        """Keep a sheet and make it the current one; the caller holds the lock. Returns its id."""
        held = sheet_id(sheet)
        if not self._intact(held):
            self._write(self.path(held), gzip.compress(dumps(sheet), 6, mtime=0))
        self._write(self.folder / "current", f"{held}\n".encode("ascii"))
        return held

    def keep_raw(self, digest: str, data: bytes) -> None:
        """Keep what a source sent, under its hash, so that disagreements can be looked up later."""
        path = self.raw / f"{digest}.gz"
        if DIGEST.fullmatch(digest) and not path.is_file():
            self._write(path, gzip.compress(data, 6, mtime=0))

    def raw_data(self, digest: str) -> bytes | None:
        """What a source sent, by its hash; None when it is not held or damaged."""
        with suppress(OSError, EOFError, zlib.error):
            return bounded_gunzip((self.raw / f"{digest}.gz").read_bytes(), MAX_BYTES)
        return None

    @contextmanager
    def locked(self, *, wait_s: float = 120.0) -> Iterator[None]:
        """One writer at a time: waits for another pull, and gives up with a message after ``wait_s``."""
        try:
            for folder in (self.folder, self.sheets, self.raw):
                folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _explained(error, f"cannot write to {self.folder}") from None
        try:
            with held_lock(handle, wait_s=wait_s, what=str(self.folder)):
                self._sweep()
                yield
        finally:
            os.close(handle)

    def _intact(self, held: str) -> bool:
        try:
            unpacked(self.path(held), expected=held)
        except MissingDataError:
            return False
        return True

    def _sweep(self) -> None:
        """Remove what a killed pull left behind; only the holder of the lock may."""
        for folder in (self.folder, self.sheets, self.raw):
            for path in folder.glob(f"{TEMPORARY}*"):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    with suppress(OSError):
                        path.unlink()

    def _write(self, path: Path, content: bytes) -> None:
        try:
            write_whole(path, content)
        except OSError as error:
            raise _explained(error, f"cannot write {path}") from None


def write_whole(path: Path, content: bytes) -> None:
    """Put a whole file in place or leave the old one: temporary file, sync, rename, sync of the folder."""
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o644)
    try:
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)  # noqa: PTH105 - every write goes through os, where tests cut it off
    except (OSError, KeyboardInterrupt):
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; some systems cannot open a folder, and there the rename is as good as it gets."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def unpacked(path: Path, *, expected: str | None = None) -> Sheet:
    """Read a sheet file, packed or plain, and verify it. Raises MissingDataError naming what is wrong with it."""
    try:
        packed = path.read_bytes()
        plain = bounded_gunzip(packed, MAX_BYTES) if packed[:2] == b"\x1f\x8b" else packed
    except FileNotFoundError:
        raise MissingDataError(f"{path}: no such sheet; `tco prices pull` makes one") from None
    except OSError as error:
        raise _explained(error, f"cannot read {path}") from None
    except (EOFError, zlib.error) as error:
        raise MissingDataError(f"{path}: damaged or edited by hand: {error}; {WAY_OUT}") from None
    try:
        sheet = loads(plain)
    except MissingDataError as error:
        raise MissingDataError(f"{path}: {error}; {WAY_OUT}") from None
    held = sheet_id(sheet)
    if expected is not None and held != expected:
        raise MissingDataError(
            f"{path}: edited by hand: its content has the id {held[:16]}, its name says {expected[:16]}; {WAY_OUT}"
        )
    return sheet


WAY_OUT = "`tco prices pull` fetches a sound one, `tco prices list` shows the others"


def bounded_gunzip(packed: bytes, limit: int) -> bytes:
    """Unpack gzip of at most ``limit`` bytes. Raises EOFError when cut short and zlib.error when larger or damaged."""
    unpacker = zlib.decompressobj(wbits=31)
    plain = unpacker.decompress(packed, limit + 1)
    if len(plain) > limit:
        raise zlib.error(f"unpacks to more than {limit:,} bytes")
    if not unpacker.eof:
        raise EOFError("ends in the middle")
    if unpacker.unused_data.strip(b"\0"):
        raise zlib.error("has something after its end")
    return plain


def _explained(error: OSError, what: str) -> MissingDataError:
    """An error of the file system as cause and way out."""
    why = error.strerror or str(error)
    way: Literal["", "free some space", "make it writable"] = ""
    if error.errno in _FULL:
        way = "free some space"
    elif error.errno in _FORBIDDEN:
        way = "make it writable"
    advice = f"{way}, or name another folder in TCO_HOME" if way else "name another folder in TCO_HOME"
    return MissingDataError(f"{what}: {why}; {advice}; the current sheet is unchanged")
