"""stdout is the answer and only the answer, the same bytes every time; the rest goes to stderr."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import pytest

KINDS = (
    "hardware",
    "models",
    "workloads",
    "prices",
    "rentals",
    "plans",
    "providers",
    "quality",
    "electricity",
    "facility",
)
OPTION = {
    "id", "tier", "kind", "provider", "model", "hardware", "n_gpus", "dtype", "engine", "feasible", "reasons",
    "n_replicas", "utilisation_frac", "usd_per_month", "usd_per_mtok", "usd_per_mtok_output", "usd_per_request",
    "usd_per_correct", "usd_per_month_p10", "usd_per_month_p50", "usd_per_month_p90", "win_frac", "ttft_p95_ms",
    "itl_p95_ms", "output_tok_per_s", "joules_per_tok", "ledger",
}  # fmt: skip
LINE = {"name", "quantity", "unit", "usd_per_unit", "usd_per_month", "formula", "inputs", "source", "as_of", "kind"}
BREAK_EVEN = {
    "own", "versus", "requests_per_month", "tok_per_month", "utilisation_frac", "n_replicas", "payback_months",
    "payback_discounted_months", "reason",
}  # fmt: skip
DUEL = ["breakeven", "chat.yaml", "--own", "rtx-4090", "--versus", "gpt-4o-mini"]
DAY = ["--as-of", "2026-11-22"]


def numbers(held):
    """Every number of a record."""
    if isinstance(held, dict):
        held = list(held.values())
    if isinstance(held, list):
        for part in held:
            yield from numbers(part)
    elif isinstance(held, int | float):
        yield held


def test_compare_has_the_keys_of_its_contract(tco):
    ran = tco("compare", "chat.yaml", "--json", *DAY)
    assert (ran.code, ran.err, ran.out[-2:]) == (0, "", "}\n")
    record = ran.record
    assert record["schema"] == "tco.compare/1"
    assert {"workload", "options", "breakeven", "verdict", "warnings", "provenance"} <= record.keys()
    assert {"name", "requests_per_month", "input_tok_per_request", "output_tok_per_request"} <= record[
        "workload"
    ].keys()
    assert {"cheapest", "cheapest_by_tier", "confidence_frac", "text"} <= record["verdict"].keys()
    assert {"tool_version", "as_of", "price_sheets", "seed", "n_draws"} <= record["provenance"].keys()
    assert record["provenance"]["as_of"] == "2026-11-22"
    for option in record["options"]:
        assert option.keys() >= OPTION
        assert option["tier"] in ("api", "budget_cloud", "self_hosted")
        assert option["kind"] in ("per_token", "rental", "owned", "provisioned", "subscription", "outcome")
        for line in option["ledger"]:
            assert line.keys() >= LINE
    assert record["breakeven"]
    for each in record["breakeven"]:
        assert each.keys() >= BREAK_EVEN
        assert each["requests_per_month"] is not None or each["reason"]
    assert all(math.isfinite(number) for number in numbers(record))


def test_the_ledger_is_the_bill(tco):
    options = tco("compare", "chat.yaml", "--json").record["options"]
    assert len({option["id"] for option in options}) == len(options) == 4
    for option in options:
        assert math.fsum(line["usd_per_month"] for line in option["ledger"]) == option["usd_per_month"]
        for line in option["ledger"]:
            assert line["quantity"] * line["usd_per_unit"] == pytest.approx(line["usd_per_month"], rel=1e-12)
            assert line["formula"]
            assert line["kind"] in ("measured", "published", "vendor", "assumed", "rumoured")


def test_options_stated_twice_have_names_of_their_own(tco, home):
    text = (home / "chat.yaml").read_text(encoding="utf-8")
    machine = "{model: qwen3-8b, hardware: rtx-4090}"
    (home / "twice.yaml").write_text(text.replace(machine, f"{machine}, {machine}"), encoding="utf-8")
    ids = [option["id"] for option in tco("compare", "twice.yaml", "--json").record["options"]]
    assert len(set(ids)) == len(ids) == 5
    twice = [name for name in ids if "rtx-4090" in name]
    assert all(tco("explain", "twice.yaml", name).code == 0 for name in twice)


def test_explain_is_the_option_of_compare(tco):
    compared = tco("compare", "chat.yaml", "--json", *DAY).record["options"]
    for option in compared:
        record = tco("explain", "chat.yaml", option["id"], "--json", *DAY).record
        assert record["schema"] == "tco.explain/1"
        assert record["option"]["ledger"] == option["ledger"]
        assert record["option"]["usd_per_month"] == option["usd_per_month"]


def test_breakeven_and_its_backwards_solve(tco):
    record = tco(*DUEL, "--json").record
    assert record["schema"] == "tco.breakeven/1"
    assert record["breakeven"].keys() >= BREAK_EVEN
    assert record["solved"] is None
    record = tco(*DUEL, "--json", "--solve-for", "demand.requests").record
    assert record["solved"]["value"] is not None or record["solved"]["reason"]
    assert all(math.isfinite(number) for number in numbers(record))


@pytest.mark.parametrize("field", ["finance.tax_frac", "site.pue", "tokens.cached_input_frac", "throughput"])
def test_a_backwards_solve_gives_a_value_or_a_reason(tco, field):
    ran = tco(*DUEL, "--json", "--solve-for", field)
    assert (ran.code, ran.err) == (0, "")
    assert ran.record["solved"]["value"] is not None or ran.record["solved"]["reason"]


@pytest.mark.parametrize("what", KINDS)
def test_list_and_show_every_kind(tco, what):
    ran = tco("list", what, "--json", *DAY)
    assert (ran.code, ran.err) == (0, "")
    record = ran.record
    assert record["schema"] == "tco.list/1"
    assert record["items"]
    first = next(iter(record["items"][0].values()))
    shown = tco("show", what, first, "--json", *DAY)
    assert (shown.code, shown.err) == (0, "")
    assert shown.record["schema"] == "tco.show/1"
    assert shown.record["item"]
    assert tco("list", what, *DAY).code == tco("show", what, first, *DAY).code == 0


@pytest.mark.parametrize(
    "arguments", [["compare", "chat.yaml"], ["explain", "chat.yaml", "rtx-4090"], DUEL, ["list", "plans"]]
)
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_two_runs_are_the_same_bytes(tco, arguments, flags):
    assert tco(*arguments, *flags, *DAY).out == tco(*arguments, *flags, *DAY).out


def test_a_new_process_gives_the_same_bytes(tco, home):
    """Hash seeds and module state do not reach the answer."""
    here = tco("compare", "chat.yaml", "--json", *DAY).out
    for seed in ("1", "2"):
        there = process(home, "compare", "chat.yaml", "--json", *DAY, PYTHONHASHSEED=seed)
        assert (there.returncode, there.stdout) == (0, here)


def test_a_seed_changes_only_the_ranges(tco):
    one, other = (tco("compare", "chat.yaml", "--json", "--seed", seed).record for seed in ("1", "2"))
    drawn = {"usd_per_month_p10", "usd_per_month_p50", "usd_per_month_p90", "win_frac"}
    assert [option["usd_per_month_p50"] for option in one["options"]] != [
        option["usd_per_month_p50"] for option in other["options"]
    ]
    for record in (one, other):
        assert record["provenance"].pop("seed") in (1, 2)
        assert record.pop("verdict")["cheapest"]
        for option in record["options"]:
            for key in drawn:
                option.pop(key)
            for key in [key for key in option if "p10" in key or "p90" in key or "share" in key]:
                option.pop(key)
    assert one == other


def test_no_draws_no_ranges(tco):
    for option in tco("compare", "chat.yaml", "--json", "--draws", "0").record["options"]:
        assert option["usd_per_month_p10"] is None
        assert option["usd_per_month"] is not None


def test_only_a_tier_is_compared(tco):
    tiers = {option["tier"] for option in tco("compare", "chat.yaml", "--json", "--only", "api").record["options"]}
    assert tiers == {"api"}


def process(home, *arguments: str, stdin=subprocess.DEVNULL, **environment: str):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TCO_", "COV_", "COVERAGE_"))}
    return subprocess.run(
        [sys.executable, "-m", "tco", *arguments], cwd=home, env={**kept, **environment}, stdin=stdin,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def shell(home, script: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TCO_", "COV_", "COVERAGE_"))}
    environment = {**kept, "TCO": f"{sys.executable} -m tco"}
    command = ["bash", "-o", "pipefail", "-c", script]
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("arguments", ["list electricity", "compare chat.yaml --json", "--help"])
def test_a_reader_who_leaves_early_is_no_error(home, arguments):
    ran = shell(home, f"$TCO {arguments} | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}")
    assert (ran.stdout, ran.stderr) == ("0\n", "")
    ran = shell(home, f"$TCO {arguments} | true; echo ${{PIPESTATUS[0]}}")
    assert (ran.stdout, ran.stderr) == ("0\n", "")


def test_closed_streams(home):
    ran = shell(home, "$TCO compare chat.yaml --json <&-")
    assert (ran.returncode, json.loads(ran.stdout)["schema"], ran.stderr) == (0, "tco.compare/1", "")
    assert shell(home, "$TCO compare chat.yaml --json 2>&-").returncode == 0
    ran = shell(home, "$TCO compare chat.yaml --json >&-")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert shell(home, "$TCO compare nothing.yaml 2>&-").returncode == 2


def test_no_colour_and_no_control_characters_in_a_pipe(tco):
    for arguments in (["compare", "chat.yaml"], ["explain", "chat.yaml", "rtx"], DUEL, ["list", "hardware"]):
        out = tco(*arguments).out
        assert "\x1b" not in out
        assert all(character.isprintable() or character == "\n" for character in out)


def test_any_locale_can_show_the_answer(home):
    ran = process(home, "compare", "chat.yaml", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert (ran.returncode, ran.stderr) == (0, "")
