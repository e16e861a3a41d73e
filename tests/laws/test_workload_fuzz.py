"""Laws of the workload file: a mutation of a good one is a scenario or its problems; a scenario has an answer."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tco import evaluate
from tco.describe.scenario import Scenario
from tco.errors import InvalidInputError, TcoError
from tco.files import scenario
from tco.files.catalogue import Catalogue
from tco.report import record

DAY = date(2026, 11, 22)
# A scalar is its YAML text; a mapping is a list of pairs, so that a key may come twice.
GOOD: list[tuple[str, Any]] = [
    ("name", "chat"),
    ("as_of", "2026-11-22"),
    ("demand", [("requests", "900k /month"), ("growth", "1 %/month"), ("peak_to_mean", "3"), ("burstiness", "2")]),
    ("tokens", [
        ("input", "1200"), ("output", "{low: 100, base: 250, high: 400}"), ("reasoning", "10"),
        ("output_scv", "0.8"), ("input_bias", "0.1"),
        ("cached_input_frac", "0.5"), ("cache_write_frac", "0.1"), ("cache_ttl", "5m"),
        ("per_model", [("qwen3-8b", [("output", "300")])]),
    ]),
    ("slo", [("ttft_p95", "2 s"), ("itl_p95", "100 ms"), ("deadline", "60 s")]),
    ("batch_frac", "0.2"),
    ("quality", [
        ("success_frac", "0.9"), ("escalation", [("self_hosted", [("frac", "0.1"), ("to", "openai/gpt-4o")])]),
    ]),
    ("constraints", [("residency", ()), ("local_only", "false"), ("exclude_providers", ("azure",))]),
    ("compute", [("strategy", "majority_vote"), ("n", "2")]),
    ("candidates", [
        ("api", (
            "openai/gpt-4o-mini",
            [("model", "m"), ("price", [
                ("usd_per_mtok", [("input", "1"), ("output", "2")]), ("since", "2026-01-01"), ("source", "s"),
            ])],
        )),
        ("budget_cloud", (
            [("model", "qwen3-8b"), ("hardware", "h100-sxm"), ("usd_per_gpu_h", "2.5"), ("plan", "spot")],
        )),
        ("self_hosted", (
            [("model", "qwen3-8b"), ("hardware", "rtx-4090"), ("n_gpus", "1"), ("dtype", "fp8"),
             ("throughput", [("decode_tok_per_s", "1000"), ("prefill_tok_per_s", "9000")]),
             ("machine", [("usd", "3000"), ("busy_w", "400"), ("idle_w", "60")])],
            [("model", "qwen3-8b"), ("hardware", "rtx-4090"), ("throughput", [("points", (
                [("concurrency", "1"), ("output_tok_per_s", "50"), ("itl_ms", "20")],
                [("concurrency", "8"), ("output_tok_per_s", "300"), ("itl_ms", "27")],
            ))])],
        )),
    ]),
    ("site", [
        ("electricity", "0.15 USD/kWh"), ("pue", "1.3"), ("colocation", "desk"), ("staff_fte", "0.1"),
        ("usd_per_fte_month", "9000"),
        ("autoscale", [
            ("min_replicas", "0"), ("cold_start", "3 min"), ("headroom_frac", "0.2"), ("keep_alive", "60 s"),
        ]),
    ]),
    ("finance", [
        ("horizon_months", "36"), ("life_months", "48"), ("wacc_frac", "0.1"), ("residual_frac", "0.1"),
        ("tax_frac", "0.2"), ("method", "npv"), ("redundancy", "n+1"),
        ("one_time", ([("name", "move"), ("usd", "5000")],)),
    ]),
    ("trends", [("api", "-0.1"), ("rental", "{low: -0.3, base: 0, high: 0.3}")]),
]  # fmt: skip
NUMBERS = [
    "0", "-0.0", "1", "-1", "1e-300", "1e-18", "1e-9", "0.5", "0.999999", "1.0000001", "2", "7", "100", "1e6", "1e9",
    "1e15", "1e18", "1e300", "1e999", ".nan", ".inf", "-.inf", "010", "0x10", "9" * 40, "{low: 0, base: 0, high: 0}",
    "{low: 1, base: 5, high: 1e12}", "{low: 1e-9, high: 1e9, distribution: uniform}",
    "{value: 1, low: 0.1, high: 9, distribution: lognormal}", "{value: 1, low: -9, high: 9, distribution: normal}",
]  # fmt: skip
SANE = [word for word in NUMBERS if word[0] != "." and word not in ("-.inf", "1e-300", "1e300", "1e999", "010")]
DATES = ("since", "as_of")
WORDS = [
    "", "null", "true", "no", "x", "''", "all", "'1e6'", "5 USD", "3 /s", "50 %", "2 h", "1-2 tok",
    "2025-13-01", "2020-01-01", "2026-11-22T10:00:00Z", "gpt-4o", "openai/gpt-4o", "/", "../x", "qwen3-8b",
    "mixtral", "h100-sxm", "spot", "annuity", "straight_line", "none", "n+99", "single", "[]", "{}",
    "[1, 2]", "{country: US}", "{country: ZZ}", "{a: 1}", "!!str 1", "*a", "&a 1", '"\\0"', '"\\ud800"', "é",
    "x" * 200,
]  # fmt: skip
KEYS = [
    "name",
    "input",
    "outptu",
    "n",
    "x",
    "<<",
    "1",
    "null",
    "''",
    "provider",
    "plan",
    "hardware",
    "usd",
    "value",
    "low",
]


def places(held: Any, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Index path of every entry of a document."""
    if isinstance(held, str):
        return []
    inner = [part[1] if isinstance(held, list) else part for part in held]
    return [at for index, part in enumerate(inner) for at in ((*path, index), *places(part, (*path, index)))]


def changed(held: Any, path: tuple[int, ...], change: Any) -> Any:
    """The document with the entry at a path replaced by what ``change`` makes of it: none, one or more entries."""
    index, *rest = path
    entry = held[index]
    if not rest:
        new = change(entry)
    elif isinstance(held, list):
        new = [(entry[0], changed(entry[1], tuple(rest), change))]
    else:
        new = [changed(entry, tuple(rest), change)]
    return type(held)([*held[:index], *new, *held[index + 1 :]])


def text(held: Any) -> str:
    if isinstance(held, str):
        return held
    if isinstance(held, list):
        return "{" + ", ".join(f"{key}: {text(value)}" for key, value in held) + "}"
    return "[" + ", ".join(text(part) for part in held) + "]"


def mutation(kind: str, word: str, key: str) -> Any:
    """One way to spoil an entry, which is a pair in a mapping and a value in a list."""

    def change(entry: Any) -> list[Any]:
        if kind == "drop":
            return []
        if kind == "twice":
            return [entry, entry]
        pair = isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)
        if kind == "rename":
            return [(key, entry[1])] if pair else [entry]
        new = {"replace": word, "listed": (entry[1] if pair else entry,), "held": [(key, entry[1] if pair else entry)]}[
            kind
        ]
        return [(entry[0], new)] if pair else [new]

    return change


def numeric(held: Any, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Places of the numbers in the mappings of a document."""
    found = []
    for index, entry in enumerate(() if isinstance(held, str) else held):
        inner = entry[1] if isinstance(held, list) else entry
        if isinstance(held, list) and isinstance(inner, str) and inner[0] in "-0123456789{" and entry[0] not in DATES:
            found.append((*path, index))
        found += numeric(inner, (*path, index))
    return found


def spoilt(kinds: list[str], words: list[str], most: int, where: Any = places) -> st.SearchStrategy[str]:
    @st.composite
    def document(draw: st.DrawFn) -> str:
        held: Any = GOOD
        for _ in range(draw(st.integers(1, most))):
            at = draw(st.sampled_from(where(held) or [(0,)]))
            change = mutation(draw(st.sampled_from(kinds)), draw(st.sampled_from(words)), draw(st.sampled_from(KEYS)))
            held = changed(held, at, change)
            if not held:
                break
        return "\n".join(f"{key}: {text(value)}" for key, value in held)

    return document()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module", autouse=True)
def one_catalogue():
    """The catalogue is the same for every example: it is read once."""
    catalogue = Catalogue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenario, "Catalogue", lambda _overlay: catalogue)
        yield


def load(folder: Path, document: str) -> Scenario | TcoError:
    path = folder / "w.yaml"
    path.write_text(document, encoding="utf-8")
    try:
        return scenario.load(str(path), today=DAY)
    except TcoError as error:
        return error


def well_formed(error: TcoError) -> bool:
    found = error.problems if isinstance(error, InvalidInputError) else ()
    return error.exit_code in (2, 3) and list(found) == sorted(found) and "\n" not in "".join(map(str, found))


def test_the_document_itself_is_good(folder):
    found = load(folder, "\n".join(f"{key}: {text(value)}" for key, value in GOOD))
    assert isinstance(found, Scenario), found
    compared = evaluate.run(found, n_draws=10)
    assert sum(result.feasible for result in compared.results) >= 3


@given(spoilt(["drop", "twice", "rename", "replace", "replace", "listed", "held"], NUMBERS + WORDS, 4))
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_any_mutation_is_a_scenario_or_its_problems(folder, document):
    found = load(folder, document)
    assert isinstance(found, Scenario) or well_formed(found)


@given(spoilt(["replace", "replace", "replace", "drop"], SANE, 3, numeric))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_scenario_has_an_answer(folder, document):
    found = load(folder, document)
    if not isinstance(found, Scenario):
        return
    try:
        compared = evaluate.run(found, n_draws=5)
    except TcoError:
        return
    held = json.loads(record.dumps(record.comparison(compared)))
    for option in held["options"]:
        assert option["feasible"] or option["reasons"]
        assert option["usd_per_month"] is None or option["usd_per_month"] >= 0 or "tax" in document
