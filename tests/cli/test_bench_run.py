"""``tco bench run`` as a process of its own, on stand-ins for the driver's libraries: what it writes and prints."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tco.files import profiles
from tco.sheets.store import write_whole
from tests import fakes

MOMENTS_S = (0.05, 0.4, 1.5, 3.2, 4.2)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    if fakes.compiler() is None:
        pytest.skip("no C compiler to build the stand-ins with")
    return fakes.build(tmp_path_factory.mktemp("libraries"))


@pytest.fixture
def environment(libraries, tmp_path):
    """A GPU that reads 4,000 GB/s, and an empty home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TCO_")}
    return {**kept, "LD_LIBRARY_PATH": str(libraries), "FAKE_NVML": "ok", "FAKE_CUDA": "ok", "COLUMNS": "120",
            "TCO_HOME": str(tmp_path / "home")}  # fmt: skip


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from tco.cli.main import run; run()", *arguments]


def tco(environment, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env={**environment, **changed}, capture_output=True, text=True, check=False, timeout=120
    )  # fmt: skip


def written(environment) -> list[Path]:
    return sorted((Path(environment["TCO_HOME"])).rglob("*"))


def test_a_quick_run_on_a_gpu(environment, tmp_path):
    began = time.perf_counter()
    ran = tco(environment, "bench", "run", "--quick")
    took_s = time.perf_counter() - began
    assert (ran.returncode, ran.stderr) == (0, "")
    assert took_s < 12.0  # 8 s, and as much again as a busy machine may take to start a program
    for words in ("NVIDIA H200 (h200-sxm), driver 580.65.06", "4,000 GB/s", "83% of 4,800", "81% of 989", "idle power"):
        assert words in ran.stdout
    assert "suspicious" not in ran.stdout
    (path,) = (each for each in written(environment) if each.suffix == ".yaml")
    profile: Any = profiles.load(path)
    assert profile.micro.duration_s < 8.0
    assert f"Profile:{path}" in "".join(ran.stdout.split())
    assert tco(environment, "bench", "show", profile.id).stdout in ran.stdout  # all but where it was written

    shown = tco(environment, "bench", "diff", profile.id, profile.id, "--fail-on-worse")
    assert shown.returncode == 0
    assert "range of their own repeats" in shown.stdout

    told = json.loads(tco(environment, "perform", "qwen3-8b", "local", "--engine", "vllm", "--json").stdout)
    assert any("ceilings measured here: 4,000 GB/s, 800 TFLOPS" in note for note in told["notes"])


def test_json_is_one_object(environment, tmp_path):
    out = tmp_path / "here.yaml"
    ran = tco(environment, "bench", "run", "--quick", "--json", "--out", str(out), FAKE_GB_PER_S="5000")
    record = json.loads(ran.stdout, parse_constant=pytest.fail)
    assert (ran.stderr, record["path"], record["schema"]) == ("", str(out), "tco.bench_profile/1")
    micro = record["profile"]["micro"]
    assert micro["peaks"]["gb_per_s"] == 4800
    assert any("suspicious: read" in each for each in micro["flags"])
    assert micro["idle_w"]["value"] == pytest.approx(300.0, rel=0.06)
    assert written(environment) == []


@pytest.mark.parametrize("after_s", MOMENTS_S)
def test_an_interrupt_leaves_a_whole_profile_or_none(environment, after_s):
    with subprocess.Popen(
        command("bench", "run"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:  # fmt: skip
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode in (130, -signal.SIGINT)  # the latter before anything of ours runs
    assert out == b""
    assert b"bug" not in err
    if after_s >= 1.0:
        assert (process.returncode, err) == (130, b"")
    assert written(environment) == []


def test_an_interrupt_at_the_end_leaves_a_whole_profile(environment):
    """Just after the profile is in place: the answer is cut off, the file is whole."""
    with subprocess.Popen(
        command("bench", "run", "--quick"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:  # fmt: skip
        while process.poll() is None and not any(each.name.startswith("h200") for each in written(environment)):
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    (path,) = (each for each in written(environment) if each.suffix == ".yaml")
    assert profiles.load(path).micro is not None
    assert not [each for each in written(environment) if each.is_file() and each != path]


def test_an_interrupt_while_writing_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "here.yaml", b"x")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_for_a_terminal_only(environment):
    watcher, terminal = pty.openpty()
    try:
        ran = subprocess.run(
            command("bench", "run", "--quick"), env=environment, stdout=subprocess.PIPE, stderr=terminal, check=True,
            timeout=60,
        )  # fmt: skip
        said = os.read(watcher, 4096).decode()
    finally:
        os.close(terminal)
        os.close(watcher)
    assert "prefill product, bf16" in said
    assert b"prefill product" not in ran.stdout


def test_options_that_contradict_each_other(environment):
    ran = tco(environment, "bench", "run", "--cpu", "--gpu", "0")
    assert (ran.returncode, "expected one of them" in ran.stderr) == (2, True)
    for text in ("zero", "0,0", "-1"):
        ran = tco(environment, "bench", "run", "--gpu", text)
        assert (ran.returncode, "expected a number" in ran.stderr) == (2, True)
    ran = tco(environment, "bench", "run", "--gpu", "3")
    assert (ran.returncode, "expected 0 to 0, or all" in ran.stderr) == (2, True)
    ran = tco(environment, "bench", "run", "--gpu", "0", FAKE_CUDA="absent")
    assert (ran.returncode, "CUDA_ERROR_NO_DEVICE" in ran.stderr) == (3, True)


def test_the_processor_where_there_is_no_gpu(environment, tmp_path):
    began = time.perf_counter()
    ran = tco(environment, "bench", "run", "--quick", FAKE_CUDA="absent", FAKE_NVML="absent")
    assert time.perf_counter() - began < 14.0  # 8 s on an idle machine
    assert "no accelerator measured: cuInit: CUDA_ERROR_NO_DEVICE; the NVIDIA driver is installed" in ran.stdout
    assert "memory read" in ran.stdout
    told = json.loads(
        tco(environment, "perform", "llama-3.1-8b", "local", "--engine", "llama.cpp", "--dtype", "q4_k_m",
            "--json").stdout
    )  # fmt: skip
    assert any("engine efficiency 0.64 on answers, 0.34 on prompts" in note for note in told["notes"])
    assert told["output_tok_per_s_p10"] < told["output_tok_per_s"] < told["output_tok_per_s_p90"]
