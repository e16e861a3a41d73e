"""``tco perform``: a model sized on a machine."""

from __future__ import annotations

import pytest


def test_a_model_that_fits(tco):
    ran = tco("perform", "llama-3.1-70b", "h100-sxm", "--dtype", "fp8")
    assert ran.code == 0, ran.err
    assert "on 2 x H100 80GB SXM, fp8 weights" in ran.out
    for part in ("Fits:", "Largest batch by context", "J/token", "most per GPU", "Constants", "speed as of vllm"):
        assert part in ran.out


def test_the_record(tco):
    held = tco("perform", "qwen3-8b", "rtx-4090", "--dtype", "fp8", "--batch", "4", "--json").record
    assert held["schema"] == "tco.perform/1"
    assert (held["fits"], held["batch"], held["n_gpus"], held["reason"]) == (True, 4.0, 1, None)
    assert held["output_tok_per_s_p10"] < held["output_tok_per_s"] < held["output_tok_per_s_p90"]
    assert held["itl_s_p10"] < held["itl_s"] < held["itl_s_p90"]
    batches = list(held["max_batch_by_context"].values())
    assert batches == sorted(batches, reverse=True)
    rates = [point["output_tok_per_s"] for point in held["curve"]]
    assert rates == sorted(rates)
    assert held["unseen"] == ["model", "gpu"]
    assert {each["name"] for each in held["constants"]} >= {"bandwidth efficiency", "overhead per layer"}


def test_a_model_that_does_not_fit(tco):
    ran = tco("perform", "deepseek-r1", "rtx-4090", "--n-gpus", "1")
    assert ran.code == 0, ran.err
    assert "Does not fit" in ran.out
    held = tco("perform", "deepseek-r1", "rtx-4090", "--json").record
    assert (held["fits"], held["batch"], held["best_n_gpus"], held["curve"]) == (False, None, None, [])
    assert "short" in held["reason"]


def test_weights_that_leave_no_room_for_a_cache(tco):
    ran = tco("perform", "qwen3-8b", "rtx-4090", "--n-gpus", "1", "--input", "120000")
    assert "No room for one request" in ran.out


def test_a_machine_without_a_power_figure_and_one_relative_to_another(tco):
    for name in ("apple-m2-ultra-76c", "laptop-discrete-gpu", "dgx-spark"):
        ran = tco("perform", "llama-3.1-8b", name, "--engine", "llama.cpp", "--dtype", "q4_0")
        assert ran.code in (0, 3), ran.err


def test_measured_points_are_shown(tco):
    held = tco("perform", "llama-2-7b", "h100-sxm", "--dtype", "fp8", "--engine", "tensorrt-llm", "--input", "128",
               "--output", "128", "--json").record  # fmt: skip
    assert held["measured"]
    text = tco("perform", "llama-2-7b", "h100-sxm", "--dtype", "fp8", "--engine", "tensorrt-llm", "--input", "128",
               "--output", "128").out  # fmt: skip
    assert "measured:" in text


def test_the_chart(tco, home):
    assert tco("perform", "qwen3-8b", "rtx-4090", "--chart", "p.png").code == 0
    assert (home / "p.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    "arguments",
    [["--chart", "p.gif"], ["--chart", "no/p.png"], ["--batch", "100000"], ["--dtype", "int3"], ["--batch", "0"]],
)
def test_wrong_arguments(tco, arguments):
    ran = tco("perform", "qwen3-8b", "rtx-4090", *arguments)
    assert ran.code in (2, 3)
    assert ran.err
    assert "bug" not in ran.err
