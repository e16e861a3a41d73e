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


def test_a_request_longer_than_the_context_is_not_sized(tco):
    known = ["perform", "llama-3.1-8b", "h100-sxm", "--input", "200000"]
    assert "Too long: 200,256 tokens of prompt and answer; the model has a context of 131,072." in tco(*known).out
    held = tco(*known, "--json").record
    assert (held["fits"], held["batch"], held["one_sequence"], held["fixes"]) == (False, None, None, [])
    assert held["max_batch_by_context"]["131072"] >= 1  # the whole context is not too long


def test_a_host_that_is_not_needed_changes_nothing(tco):
    plain = tco("perform", "qwen3-8b", "h100-sxm", "--json").record
    held = tco("perform", "qwen3-8b", "h100-sxm", "--host-memory", "64", "--host-bandwidth", "90", "--json").record
    assert held["notes"][-1] == "nothing is offloaded: the model fits"
    assert held["itl_s_p90"] == plain["itl_s_p90"]
    out = tco("perform", "qwen3-8b", "h100-sxm", "--host-memory", "64", "--host-bandwidth", "90").out
    assert "offloaded," not in out


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


# --- other ways to serve


def test_what_would_make_a_model_fit(tco):
    held = tco("perform", "llama-3.1-70b", "rtx-4090", "--dtype", "bf16", "--n-gpus", "2", "--json").record
    assert held["fixes"][:2] == ["int4 weights (--dtype int4)", "8 accelerators (--n-gpus 8)"]
    assert "GB of weights in the host's memory" in held["fixes"][-1]
    text = tco("perform", "llama-3.1-70b", "h100-sxm", "--dtype", "bf16", "--n-gpus", "1").out
    assert "What would make it fit: int4 weights (--dtype int4); or 4 accelerators" in " ".join(text.split())


def test_a_model_that_does_not_fit_runs_from_the_hosts_memory(tco):
    known = ["--dtype", "q4_k_m", "--engine", "llama.cpp", "--n-gpus", "1", "--host-memory", "64"]
    slow = tco("perform", "llama-3.1-70b", "rtx-4090", *known, "--host-bandwidth", "90", "--json").record
    assert slow["fits"]
    assert slow["fixes"] == []
    # More of the weights move for a longer context; the cache of 131,072 tokens is larger than the card.
    assert list(slow["max_batch_by_context"].values()) == [1.0, 1.0, 1.0, 0.0]
    assert 1.5 < slow["one_sequence"]["output_tok_per_s"] < 4.0
    server = tco("perform", "llama-3.1-70b", "rtx-4090", *known, "--host-bandwidth", "460", "--json").record
    assert 6.0 < server["one_sequence"]["output_tok_per_s"] < 18.0
    assert "offloaded" in tco("perform", "llama-3.1-70b", "rtx-4090", *known, "--host-bandwidth", "460").out
    small = tco("perform", "llama-3.1-70b", "rtx-4090", *known[:-1], "10", "--host-bandwidth", "90", "--json").record
    assert not small["fits"]


def test_ways_to_split(tco):
    ran = tco("perform", "llama-3.1-70b", "h100-sxm", "--tp", "2", "--pp", "2")
    assert "on 4 x H100 80GB SXM, tensor 2 x pipeline 2" in ran.out
    assert "Ways to split over 4 GPUs" in ran.out
    held = tco("perform", "deepseek-r1", "h200-sxm", "--dtype", "fp8", "--ep", "8", "--json").record
    assert held["n_gpus"] == 8
    assert {(each["tensor"], each["pipeline"], each["experts"]) for each in held["splits"]} >= {(8, 1, 1), (1, 1, 8)}
    assert "experts over 8" in tco("perform", "deepseek-r1", "h200-sxm", "--dtype", "fp8", "--ep", "8").out


def test_a_draft_speeds_up_one_sequence_and_not_a_large_batch(tco):
    def rate(*arguments):
        known = ["llama-3.1-70b", "h100-sxm", "--n-gpus", "4", "--batch", "200", "--json"]
        held = tco("perform", *known, *arguments).record
        return held["one_sequence"]["output_tok_per_s"], held["output_tok_per_s"]

    plain, drafted = rate(), rate("--draft", "llama-3.1-8b", "--draft-tokens", "3", "--acceptance", "0.7")
    assert drafted[0] > 1.3 * plain[0]
    assert drafted[1] < plain[1]
    own = tco("perform", "deepseek-r1", "h200-sxm", "--dtype", "fp8", "--draft", "mtp", "--acceptance", "0.8").out
    assert "drafted by mtp" in " ".join(own.split())


def test_prefill_and_decode_apart(tco):
    known = ["perform", "llama-3.1-8b", "h100-sxm", "--pools", "1:1", "--pool-link", "50"]
    held = tco(*known, "--input", "8000", "--json").record["pools"]
    assert held["binding"] == "prefill pool"
    assert held["best_decode_gpus_per_prefill_gpu"] < 1
    assert tco(*known, "--input", "50", "--output", "2000", "--json").record["pools"]["binding"] == "decode pool"
    text = tco(*known).out
    assert "TTFT p95 with the transfer" in text
    assert "Speed of one instance that does both, with p10 to p90" in text
    assert "pool binds." in text
    assert "on 1 x H100 80GB SXM each, 1 prefill : 1 decode instances" in " ".join(text.split())
    slow = tco(*known[:-1], "0.5", "--json").record["pools"]
    assert slow["binding"] == "link between the pools"
    assert slow["req_per_s"] < slow["link_req_per_s"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--draft", "llama-3.1-8b"], "no default"),
        (["--draft", "no-such-model", "--acceptance", "0.5"], "no-such-model"),
        (["--host-memory", "64"], "go together"),
        (["--host-bandwidth", "64"], "go together"),
        (["--pools", "1:0", "--pool-link", "50"], "such as 1:3"),
        (["--pools", "1:3"], "--pool-link"),
        (["--tp", "3", "--ep", "8"], "to divide the other"),
        (["--draft", "qwen3-8b", "--acceptance", "1.5"], "acceptance"),
        (["--acceptance", "0.5"], "needs --draft"),
        (["--pool-link", "50"], "needs --pools"),
        (["--n-gpus", "4", "--tp", "2"], "--tp, --pp and --ep make 2"),
        (["--n-gpus", "1000"], "--n-gpus"),
    ],
)
def test_ways_that_are_not_stated_whole(tco, arguments, expected):
    ran = tco("perform", "qwen3-8b", "h100-sxm", *arguments)
    assert ran.code == 2
    assert expected in ran.err


@pytest.mark.parametrize("stated", ["0.65", "65%", "65 %", "0.65 frac"])
def test_a_share_is_stated_as_in_a_workload(tco, stated):
    known = ["perform", "llama-3.1-70b", "h100-sxm", "--n-gpus", "4", "--draft", "llama-3.1-8b", "--json"]
    held = tco(*known, "--acceptance", stated).record
    assert held["itl_s"] == tco(*known, "--acceptance", "0.65").record["itl_s"]
    assert held["itl_s"] != tco(*known, "--acceptance", "0.75").record["itl_s"]


def test_sizes_and_speeds_are_stated_with_or_without_their_unit(tco):
    known = ["perform", "llama-3.1-70b", "rtx-4090", "--dtype", "q4_k_m", "--engine", "llama.cpp", "--json"]
    plain = tco(*known, "--host-memory", "64", "--host-bandwidth", "90").record
    assert tco(*known, "--host-memory", "64 GB", "--host-bandwidth", "0.09 TB/s").record == plain


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--draft", "qwen3-0.6b", "--acceptance", "650"], "--acceptance: got 650; expected at most 1 frac"),
        (["--draft", "qwen3-0.6b", "--acceptance", "0,65"], "--acceptance: got '0,65'; expected a number in frac"),
        (["--draft", "qwen3-0.6b", "--acceptance", "65 GB"], "--acceptance: got '65 GB', which is GB; expected frac"),
        (["--host-memory", "0", "--host-bandwidth", "90"], "--host-memory: got 0; expected more than 0 GB"),
        (["--pools", "1:3", "--pool-link", "fast"], "--pool-link: got 'fast'; expected a number in GB/s"),
    ],
)
def test_a_quantity_that_cannot_be_read(tco, arguments, says):
    ran = tco("perform", "qwen3-8b", "h100-sxm", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_an_unknown_number_format_lists_those_there_are(tco):
    ran = tco("perform", "qwen3-8b", "h100-sxm", "--dtype", "fp3")
    assert "number format 'fp3' is not known; known: fp32, bf16, fp16, fp8, int8" in ran.err


def test_a_processor_is_one_machine(tco, home):
    shipped = "epyc-9654"
    text = " ".join(tco("perform", "qwen3-0.6b", shipped).out.split())
    assert "GB of weights per machine of" in text
    assert (
        "16 sequences: as many as llama.cpp runs by default (its parallel slots), and the memory holds no fewer" in text
    )
    assert "machine, W" in text
    assert "GPU" not in text.partition("Constants")[0].partition("Fits:")[2]
    held = tco("perform", "qwen3-0.6b", shipped, "--json").record
    assert [each["n_gpus"] for each in held["layouts"]] == [1]
    fixes = tco("perform", "llama-3.1-405b", shipped, "--json").record["fixes"]
    assert all("accelerators" not in each and "host" not in each for each in fixes)


def test_a_cap_of_the_memory_is_not_the_engines(tco):
    assert "runs by default" not in tco("perform", "qwen3-8b", "rtx-4090").out
    assert "its limit of sequences at once" in tco("perform", "qwen3-0.6b", "h100-sxm", "--input", "64").out


WAYS = """\
name: ways
demand: {requests: 100k /month}
tokens: {input: 1000, output: 300}
candidates:
  api: []
  budget_cloud:
    - {model: llama-3.1-70b, hardware: h100-sxm, n_gpus: 4, draft: {model: llama-3.1-8b, tokens: 4, acceptance: 0.7}}
    - {model: llama-3.1-70b, hardware: h100-sxm, split: {tensor: 2, pipeline: 2}}
    - {model: llama-3.1-70b, hardware: h100-sxm,
       pools: {prefill: 1, decode: 1, prefill_gpus: 4, decode_gpus: 4, link: 50 GB/s}}
  self_hosted:
    - {model: llama-3.1-70b, hardware: rtx-4090, n_gpus: 1, dtype: q4_k_m, engine: llama.cpp,
       offload: {memory: 64 GB, bandwidth: 90 GB/s}}
"""


def test_a_workload_compares_ways_to_serve(tco, home):
    (home / "w.yaml").write_text(WAYS)
    held = tco("compare", "w.yaml", "--as-of", "2026-11-22", "--json").record
    found = {each["id"].partition("/")[2]: each for each in held["options"]}
    assert {name.partition("+")[2] for name in found} == {"llama-3.1-8bx4", "tp2pp2ep1", "1x4:1x4", "offload"}
    assert all(each["feasible"] for each in found.values())
    text = tco("explain", "w.yaml", "own:1x-rtx-4090", "--as-of", "2026-11-22").out
    assert "stay in the host's memory, at 90 GB/s" in " ".join(text.split())
    pools = tco("explain", "w.yaml", "1x4:1x4", "--as-of", "2026-11-22").out
    assert "pool binds" in pools


def test_a_machine_that_follows_the_load_has_a_name_of_its_own(tco, home):
    one = "{model: llama-3.1-8b, hardware: h100-sxm, usd_per_gpu_h: 2}"
    head = WAYS.partition("  budget_cloud")[0].replace("100k /month", "300M /month")
    both = f"{one}, {one.replace('}', ', autoscale: {cold_start: 60 s}}')}"
    (home / "w.yaml").write_text(f"{head}  budget_cloud: [{both}]\n  self_hosted: []\n")
    held = tco("compare", "w.yaml", "--as-of", "2026-11-22", "--draws", "0", "--json").record["options"]
    scaled, plain = sorted(held, key=lambda each: each["usd_per_month"])
    assert scaled["id"] == plain["id"] + "+autoscale"
    assert any(note.startswith("autoscaled along an assumed day") for note in scaled["notes"])


def test_a_draft_without_acceptance_and_an_unknown_draft_are_errors_of_the_file(tco, home):
    (home / "w.yaml").write_text(WAYS.replace(", acceptance: 0.7", "").replace("llama-3.1-8b", "no-such-model"))
    ran = tco("compare", "w.yaml")
    assert ran.code == 2
    assert "acceptance" in ran.err
    (home / "v.yaml").write_text(WAYS.replace("llama-3.1-8b", "no-such-model"))
    assert "no-such-model" in tco("compare", "v.yaml").err


# --- small machines


@pytest.mark.parametrize(
    ("machine", "gb_per_s"),
    [("desktop-ddr5", 89.6), ("epyc-9654", 460.8), ("jetson-agx-orin-64gb", 204.8), ("strix-halo", 256.0)],
)
def test_what_nobody_measured_stays_well_below_its_memory(tco, machine, gb_per_s):
    held = tco("perform", "llama-3.1-8b", machine, "--dtype", "q4_k_m", "--json").record
    assert held["engine"] == "llama.cpp"
    ceiling = gb_per_s / 4.91  # GB of weights that every token reads
    assert 0.2 * ceiling < 1.0 / held["one_sequence"]["itl_s"] < 0.8 * ceiling
    assert held["output_tok_per_s_p90"] / held["output_tok_per_s_p10"] > 1.5


def test_a_small_apple_keeps_a_third_for_itself(tco):
    held = tco("perform", "llama-3.1-8b", "apple-m4-10c", "--dtype", "q4_k_m", "--json").record
    memory_gb = 32.0
    assert held["margin_gb"] == pytest.approx(memory_gb * 2 / 3 - held["weights_gb"] - 1.0737, abs=0.01)


def test_several_cards_under_llama_cpp_give_room_and_no_speed(tco):
    def one(n):
        held = tco("perform", "llama-3.1-70b", "rtx-3090", "--dtype", "q4_k_m", "--engine", "llama.cpp", "--n-gpus", n,
                   "--json").record  # fmt: skip
        return held["fits"], (held["one_sequence"] or {}).get("output_tok_per_s")

    assert one("1") == (False, None)  # what does not fit has no speed
    assert one("2") == (True, pytest.approx(one("4")[1], rel=0.01))
    assert one("2")[1] == pytest.approx(16.57, rel=0.3)  # XiongjieDai/GPU-Benchmarks-on-LLM-Inference, aa72e0ec
    refused = tco("perform", "llama-3.1-70b", "rtx-3090", "--dtype", "q4_k_m", "--engine", "llama.cpp", "--tp", "2")
    assert refused.code == 3
    assert "only split.pipeline" in refused.err
