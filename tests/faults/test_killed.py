"""A pull killed at any call that writes: afterwards the current sheet is the old or the new one, whole."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tco.errors import MissingDataError
from tco.sheets.store import Store
from tests.sheetkit import litellm, pulled

WRITES = ("open", "write", "fsync", "replace", "rename", "unlink", "mkdir", "close", "rmdir", "ftruncate", "link")
KILLED = 9
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store after one pull, and two registries beside it."""
    folder = tmp_path_factory.mktemp("before")
    (folder / "old.json").write_bytes(litellm(20))
    (folder / "new.json").write_bytes(litellm(21, factor=1.1))
    pulled(Store(folder / "home"), f"litellm={folder / 'old.json'}")
    return folder


def in_child(work: Callable[[], Any]) -> int:
    """Run in a forked process and tell how it ended: 0, or 9 when it killed itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def cut(at: int, *, half: bool, end: Callable[[], Any]) -> Callable[[], int]:
    """Make the ``at``-th writing call the last one, with half of its bytes written if it writes; returns a counter."""
    done = [0]

    def wrap(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            done[0] += 1
            if done[0] == at:
                if half and name == "write":
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                elif half:
                    with suppress(OSError):
                        real(*arguments, **named)
                end()
            return real(*arguments, **named)

        return call

    for name in WRITES:
        setattr(os, name, wrap(name, getattr(os, name)))
    return lambda: done[0]


def pull_new(folder: Path, home: Path) -> None:
    pulled(Store(home), f"litellm={folder / 'new.json'}")


def sound(home: Path, old: str) -> bool:
    """The current sheet is verified and whole; whether it is still the old one."""
    store = Store(home)
    current = store.current()
    assert current is not None
    assert len(current.offers) in (20, 21)
    assert (store.current_id() == old) == (len(current.offers) == 20)
    return store.current_id() == old


@pytest.mark.parametrize("half", [False, True], ids=["before the call", "in the middle or after it"])
def test_killed_at_every_call_that_writes(before, tmp_path, half):
    old = Store(before / "home").current_id()
    ends: list[bool] = []
    for at in range(1, 200):
        home = tmp_path / str(at)
        shutil.copytree(before / "home", home)

        def work(at: int = at, home: Path = home) -> None:
            cut(at, half=half, end=lambda: os._exit(KILLED))
            pull_new(before, home)

        code = in_child(work)
        assert code in (0, KILLED)
        ends.append(sound(home, str(old)))
        if at % 4 == 0 or code == 0:
            pull_new(before, home)
            assert not sound(home, str(old))
            assert not [*home.rglob(".tmp-*")]
        if code == 0:
            break
    assert code == 0, "the pull never came to its end"
    assert len(ends) > 12
    assert ends[0]
    assert not ends[-1]
    assert ends == sorted(ends, reverse=True), "once the new sheet is current it stays so"


def test_interrupted_from_outside_at_any_moment(before, tmp_path):
    for delay_ms in (1, 3, 6, 10, 20):
        home = tmp_path / str(delay_ms)
        shutil.copytree(before / "home", home)
        pid = os.fork()
        if pid == 0:
            try:
                while True:
                    pull_new(before, home)
            finally:
                os._exit(1)
        time.sleep(delay_ms / 1e3 + 0.02)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        store = Store(home)
        assert store.current() is not None
        pull_new(before, home)
        assert (found := store.current()) is not None
        assert len(found.offers) == 21


def refusal(folder: Path, home: Path) -> str | None:
    """The message of a pull that fails; None for one that does not."""
    try:
        pull_new(folder, home)
    except MissingDataError as error:
        return str(error)
    return None


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_full_disk_at_every_call_that_writes(before, tmp_path, code, monkeypatch):
    """The error is one message with cause and way out, whatever call it comes from, and the old sheet stays."""
    old = str(Store(before / "home").current_id())
    real = {name: getattr(os, name) for name in WRITES}
    said: set[str] = set()
    for at in range(1, 60):
        home = tmp_path / str(at)
        shutil.copytree(before / "home", home)

        def fail() -> None:
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patched:
            for name in ("write", "fsync", "replace"):
                patched.setattr(os, name, real[name])
            done = [0]
            for name in ("write", "fsync", "replace"):

                def call(*arguments: Any, name: str = name, at: int = at, done: list[int] = done, **named: Any) -> Any:
                    done[0] += 1
                    if done[0] == at:
                        fail()
                    return real[name](*arguments, **named)

                patched.setattr(os, name, call)
            message = refusal(before, home)
        if message is None:
            break
        assert "TCO_HOME" in message
        said.add(message.split(": ")[1].split(";")[0])
        sound(home, old)
        pull_new(before, home)
        assert not sound(home, old)
        assert not [*home.rglob(".tmp-*")]
    assert at > 6
    assert said == {os.strerror(code)}
