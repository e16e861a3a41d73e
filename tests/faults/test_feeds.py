"""Feeds that are broken, late, too large or not what they say: a message with the way out, and the old sheet stays."""

from __future__ import annotations

import gzip
import http.server
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tco.errors import MissingDataError
from tco.sheets import fetch as fetching
from tco.sheets.store import Store
from tests.sheetkit import litellm, litellm_wheel, pulled

GOOD = litellm(20)
BOMB = gzip.compress(b"0" * 60_000_000, 1)


class Server(http.server.BaseHTTPRequestHandler):
    """Answers by path: what a registry may do on a bad day."""

    def do_GET(self) -> None:
        kind = self.path.strip("/")
        if kind == "hang":
            self.server.stop.wait(20)  # type: ignore[attr-defined]
            return
        body = {
            "good": GOOD, "html": b"<!DOCTYPE html><html>log in</html>", "cut": GOOD[: len(GOOD) // 2], "short": GOOD,
            "bomb": BOMB, "large": b"[" + b"0," * 200_000, "gzip": gzip.compress(GOOD), "drip": GOOD,
            "nobody": b'{"a": {"b": 1}}', "cutgzip": gzip.compress(GOOD)[:200],
        }.get(kind, b"")  # fmt: skip
        self.send_response(500 if kind == "500" else 404 if kind == "404" else 302 if kind == "elsewhere" else 200)
        if kind == "elsewhere":
            self.send_header("Location", "/good")
        if kind in ("bomb", "gzip", "cutgzip"):
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body) + (100 if kind == "short" else 0)))
        self.end_headers()
        if kind == "drip":
            for byte in body:
                if self.server.stop.wait(0.05):  # type: ignore[attr-defined]
                    return
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:
                    return
        else:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def web():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    server.stop = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.stop.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(
        os, "fsync", lambda _: None
    )  # durability is the subject of test_killed.py; here it only takes time
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "good.json").write_bytes(GOOD)
    held = Store(tmp_path / "home")
    pulled(held, f"litellm={tmp_path / 'good.json'}")
    return held


def refused(store: Store, source: str | Path, **stated: Any) -> str:
    before = store.current_id()
    with pytest.raises(MissingDataError) as caught:
        pulled(store, str(source), **stated)
    assert caught.value.exit_code == 3
    assert store.current_id() == before
    assert (current := store.current()) is not None
    assert len(current.offers) == 20
    assert "the current sheet is unchanged" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("500", "answered 500"),
        ("404", "answered 404"),
        ("html", "a web page (HTML) instead of JSON"),
        ("empty", "empty"),
        ("cut", "cut short"),
        ("short", "cut short"),
        ("bomb", "unpacks to more than 50,000,000 bytes"),
        ("cutgzip", "ends in the middle"),
        ("nobody", "no offer"),
    ],
)
def test_a_bad_answer(store, web, kind, cause):
    message = refused(store, f"litellm={web}/{kind}")
    assert cause in message
    assert f"{web}/{kind}" in message


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_server_that_never_ends(store, web, kind):
    begun = time.monotonic()
    assert "no whole answer within 0.3 s" in refused(store, f"litellm={web}/{kind}", timeout_s=0.3)
    assert time.monotonic() - begun < 3


def test_nobody_there(store):
    assert "cannot be reached" in refused(store, "litellm=http://127.0.0.1:9/none")


def test_larger_than_the_bound(store, web, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_BYTES", 100_000)
    assert "larger than 100,000 bytes" in refused(store, f"litellm={web}/large")


@pytest.mark.parametrize("kind", ["good", "gzip", "elsewhere"])
def test_a_good_answer(store, web, kind):
    assert len(pulled(store, f"{web}/{kind}").sheet.offers) == 20


def test_wrong_hash(store, web, tmp_path):
    assert "wrong hash" in refused(store, f"litellm={web}/good#sha256={'0' * 64}")
    digest = sha256(GOOD).hexdigest()
    assert pulled(store, f"litellm={web}/good#sha256={digest}").sheet.sources[0].sha256 == digest
    wheel = litellm_wheel(tmp_path, GOOD)
    assert "wrong hash" in refused(store, f"{wheel}#sha256={'1' * 64}")
    for held in (wheel.read_bytes(), GOOD):  # of the wheel, or of the data in it
        assert pulled(store, f"{wheel}#sha256={sha256(held).hexdigest()}").sheet.sources[0].version == "1.2.3"


def test_fewer_rows_than_before(store, tmp_path):
    (tmp_path / "few.json").write_bytes(litellm(15))
    message = refused(store, f"litellm={tmp_path / 'few.json'}")
    assert "15 offers, 20 before" in message
    assert "--allow-shrunken" in message
    (tmp_path / "most.json").write_bytes(litellm(16))
    assert pulled(store, f"litellm={tmp_path / 'most.json'}").parent
    assert pulled(store, f"litellm={tmp_path / 'few.json'}", allow_shrunken=True).parent


def test_a_slip_of_1000_is_held_and_the_old_price_stays(store, tmp_path):
    (tmp_path / "slip.json").write_bytes(litellm(20, factor=1000.0))
    before = {offer.model: offer.rates[0].usd_per_mtok for offer in store.current().offers}
    done = pulled(store, f"litellm={tmp_path / 'slip.json'}")
    assert {offer.model: offer.rates[0].usd_per_mtok for offer in done.sheet.offers} == before
    assert len(done.sheet.held) >= 20
    assert any("1,000" in part.why for part in done.sheet.held)


def test_a_broken_wheel(store, tmp_path):
    broken = tmp_path / "litellm-9.9.9-py3-none-any.whl"
    broken.write_bytes(b"PK\x03\x04 nothing more")
    assert "not a sound wheel" in wheel_error(store, broken)
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("other.txt", "")
    assert "holds no litellm/" in wheel_error(store, broken)
    foreign = tmp_path / "requests-2.0-py3-none-any.whl"
    foreign.write_bytes(broken.read_bytes())
    assert "a wheel of requests" in wheel_error(store, foreign)


def test_a_wheel_that_is_a_bomb(store, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_BYTES", 10_000)
    assert "unpacks to more than 10,000 bytes" in wheel_error(store, litellm_wheel(tmp_path, b" " * 100_000))


def wheel_error(store: Store, path: Path) -> str:
    before = store.current_id()
    with pytest.raises(MissingDataError) as caught:
        pulled(store, path)
    assert store.current_id() == before
    return str(caught.value)


@pytest.mark.parametrize(("code", "said"), [(1, "ERROR: No matching distribution found for litellm==0.0.1"), (0, "")])
def test_pip_fails(store, monkeypatch, code, said):
    answer = subprocess.CompletedProcess([], code, stdout="", stderr=f"WARNING: x\n{said}\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    message = refused(store, "litellm@0.0.1")
    assert "litellm==0.0.1: the package index has none that fits" in message
    assert "No matching distribution" in message or code == 0


def test_pip_hangs(store, monkeypatch):
    def hang(*_: object, **named: float) -> None:
        raise subprocess.TimeoutExpired("pip", named["timeout"])

    monkeypatch.setattr(subprocess, "run", hang)
    assert "did not deliver within" in refused(store, "litellm@1.2.3")


def test_pip_brings_a_wheel(store, monkeypatch):
    asked: list[list[str]] = []

    def download(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        litellm_wheel(Path(command[command.index("--dest") + 1]), GOOD)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", download)
    source = pulled(store, "litellm@1.2.3").sheet.sources[0]
    assert (source.name, source.version) == ("litellm", "1.2.3")
    assert asked[0][1:4] == ["-m", "pip", "download"]
    assert asked[0][-1] == "litellm==1.2.3"
    assert {"--no-deps", "--only-binary"} <= set(asked[0])
    assert not any("index" in part for part in asked[0])
    assert not [*store.folder.glob(".tmp-*")]


TWO = """
import sys, threading
from pathlib import Path
from typing import Any
from tests.sheetkit import pulled
from tco.sheets.store import Store
print(pulled(Store(Path(sys.argv[1])), "litellm=" + sys.argv[2]).id)
"""


def test_two_pulls_at_once(store, tmp_path):
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root)}
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    files[0].write_bytes(litellm(21))
    files[1].write_bytes(litellm(22))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", TWO, str(store.folder), str(file)], stdout=subprocess.PIPE, text=True, env=env
        )
        for file in files
    ]
    ids = [process.communicate(timeout=60)[0].strip() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    last = store.current_id()
    assert last in ids
    first = next(held for held in ids if held != last)
    assert store.load(last).parent == first  # one after the other, none lost
    assert len(store.ids()) == 3


def test_the_second_pull_says_so_when_the_first_does_not_end(store, tmp_path):
    other = Store(store.folder)
    with other.locked(), pytest.raises(MissingDataError, match="another pull is at work"), store.locked(wait_s=0.1):
        pass
    with store.locked(wait_s=0.1):
        pass


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    if os.geteuid() == 0:  # root writes anywhere: stand in for the system's answer

        def refuse(*_: object, **__: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", refuse)
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o500)
    (tmp_path / "good.json").write_bytes(GOOD)
    with pytest.raises(MissingDataError, match="make it writable") as caught:
        pulled(Store(home), f"litellm={tmp_path / 'good.json'}")
    assert "Permission denied" in str(caught.value)
    home.chmod(0o700)


def test_a_sheet_edited_by_hand(store, tmp_path):
    path = store.path(str(store.current_id()))
    document = json.loads(gzip.decompress(path.read_bytes()))
    document["offers"][0]["rates"][0]["usd_per_mtok"]["input"] = "0.0000001"
    path.write_bytes(gzip.compress(json.dumps(document).encode()))
    with pytest.raises(MissingDataError, match=r"tampered.*tco prices pull"):
        store.current()
    done = pulled(store, f"litellm={tmp_path / 'good.json'}")
    assert done.warnings
    assert store.current() == done.sheet


@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b\x08", b"not a sheet", b"{}", b'{"schema":"tco.sheet/1"}'])
def test_a_damaged_sheet(store, tmp_path, damage):
    path = store.path(str(store.current_id()))
    path.write_bytes(damage)
    with pytest.raises(MissingDataError, match="tco prices pull"):
        store.current()
    pulled(store, f"litellm={tmp_path / 'good.json'}")
    assert store.current() is not None


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "abc", "0" * 63])
def test_a_damaged_current(store, tmp_path, text):
    (store.folder / "current").write_text(text)
    with pytest.raises(MissingDataError, match="tco prices pull"):
        store.current()
    pulled(store, f"litellm={tmp_path / 'good.json'}")
    assert store.current() is not None
