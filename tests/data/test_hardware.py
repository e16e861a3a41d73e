"""Facts of the shipped hardware profiles and of the throughput table."""

from __future__ import annotations

import csv
import functools
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tco.describe.hardware import Hardware, Throughput
from tco.describe.record import Figure, Record

FOLDER = Path(__file__).resolve().parents[2] / "hardware_profiles"

# systems.md section 3: each name an article uses, and the profile it means.
NAMED_SYSTEMS = {
    "RTX 4090": "rtx-4090",
    "24 GB consumer GPU": "rtx-4090",
    "RTX 3060": "rtx-3060",
    "Laptop with discrete GPU": "laptop-discrete-gpu",
    "Smartphone": "smartphone",
    "H100": "h100-sxm",
    "A100": "a100-80gb-sxm",
    "TPU": "tpu",
    "Vera Rubin NVL72": "vera-rubin",
    "B200": "b200",
    "GB200": "gb200",
    "GB300": "gb300",
    "Jetson T4000": "jetson-t4000",
    "Huawei Ascend 910B": "ascend-910b",
    "Huawei Ascend 910C": "ascend-910c",
}


def frozen(raw: Any) -> Any:
    """Turn the lists of a YAML document into tuples, as the loader of the product does."""
    if isinstance(raw, list):
        return tuple(frozen(part) for part in raw)
    if isinstance(raw, dict):
        return {key: frozen(part) for key, part in raw.items()}
    return raw


@functools.cache
def profiles() -> dict[str, Hardware]:
    found: dict[str, Hardware] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        raw = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        found[path.stem] = Hardware.model_validate(frozen(raw))
    return found


@functools.cache
def throughput() -> tuple[Throughput, ...]:
    whole = ("n_gpus", "concurrency")
    real = ("input_tok", "output_tok", "output_tok_per_s", "ttft_ms", "itl_ms", "busy_w")
    points = []
    with (FOLDER / "throughput.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            typed: dict[str, Any] = {name: text for name, text in row.items() if text}
            typed |= {name: int(row[name]) for name in whole}
            typed |= {name: float(row[name]) for name in real if row[name]}
            points.append(Throughput.model_validate(typed | {"as_of": date.fromisoformat(row["as_of"])}))
    return tuple(points)


def figures(held: Any) -> Iterator[Figure]:
    if isinstance(held, Figure):
        yield held
    elif isinstance(held, Record):
        for name in type(held).model_fields:
            yield from figures(getattr(held, name))
    elif isinstance(held, dict):
        for part in held.values():
            yield from figures(part)
    elif isinstance(held, tuple):
        for part in held:
            yield from figures(part)


def spelled(profile: Hardware) -> set[str]:
    return {profile.id, profile.name.lower(), *profile.aliases}


def test_there_are_at_least_forty_profiles_named_as_their_files():
    assert len(profiles()) >= 40
    assert all(stem == profile.id for stem, profile in profiles().items())


@pytest.mark.parametrize(("name", "profile_id"), NAMED_SYSTEMS.items())
def test_a_system_named_in_an_article_resolves(name: str, profile_id: str):
    assert [found.id for found in profiles().values() if name.lower() in spelled(found)] == [profile_id]


def test_every_accelerator_of_the_specification_table_has_a_profile(shared_data: Path):
    with (shared_data / "gpu_specs.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    by_name = {profile.name: profile for profile in profiles().values()}
    for row in rows:
        memory, bandwidth = by_name[row["name"]].memory_gb, by_name[row["name"]].bandwidth_gb_per_s
        assert memory is not None
        assert bandwidth is not None
        assert (memory.value, bandwidth.value) == (float(row["mem_gb"]), float(row["mem_bw_gbs"]))


def test_the_measured_spellings_resolve(shared_data: Path):
    known = set().union(*map(spelled, profiles().values()))
    with (shared_data / "measurements_calibrate.csv").open(encoding="utf-8", newline="") as table:
        assert {row["gpu"].lower() for row in csv.DictReader(table)} <= known


def test_rtx_4090_is_as_published():
    card = profiles()["rtx-4090"]
    assert card.memory_gb is not None
    assert card.bandwidth_gb_per_s is not None
    assert card.busy_w is not None
    assert card.idle_w is not None
    assert card.host is not None
    assert (card.memory_gb.value, card.bandwidth_gb_per_s.value) == (24, 1008)
    assert (card.dense_tflops["bf16"].value, card.dense_tflops["fp8"].value) == (165.2, 330.3)
    assert (card.busy_w.low, card.busy_w.value, card.busy_w.high, card.idle_w.value) == (300, 350, 450, 25)
    assert (card.prices[0].since, card.prices[0].usd.value) == (date(2022, 10, 12), 1600)
    assert card.prices[-1].usd.value + card.host.usd.value == 3000  # the node of the scenarios
    assert card.idle_w.value + card.host.idle_w.value == 100


def test_headline_flops_are_not_taken_for_dense_ones():
    nvfp4 = {name: profiles()[name].dense_tflops["nvfp4"].value for name in ("b200", "gb200", "vera-rubin")}
    assert nvfp4 == {"b200": 9000, "gb200": 10_000, "vera-rubin": 35_000}
    assert "18" in profiles()["b200"].flops_basis
    assert "50 PF" in profiles()["vera-rubin"].flops_basis
    assert profiles()["h100-sxm"].dense_tflops["fp8"].value == 1979
    assert profiles()["b300"].dense_tflops["int8"].value == 153.5  # INT8 was nearly removed


def test_old_cards_do_not_claim_bf16():
    for name in ("v100-32gb-pcie", "t4", "p100-16gb-pcie", "rtx-2080-ti"):
        assert set(profiles()[name].dense_tflops) & {"fp16", "bf16"} == {"fp16"}


def test_what_is_not_a_plain_product_says_so():
    held = profiles()
    assert held["vera-rubin"].status == "announced"
    assert held["vera-rubin"].available_from == date(2026, 7, 1)
    assert held["jetson-t4000"].status == "unverified"
    assert held["tpu"].status == "stub"
    assert all("cn" in held[name].not_for_sale_in for name in ("h100-sxm", "h200-sxm", "b200"))
    shares = {name: held[name].relative for name in ("ascend-910b", "ascend-910c")}
    assert all(share is not None and share.to == "h100-sxm" for share in shares.values())


def test_each_figure_has_a_source_and_a_date():
    for profile in profiles().values():
        for figure in figures(profile):
            assert figure.source, profile.id
            assert figure.as_of, profile.id


def test_a_profile_has_prices_in_order_of_date_or_says_why_not():
    for profile in profiles().values():
        days = [price.since for price in profile.prices]
        assert days == sorted(set(days)), profile.id
        assert bool(days) != bool(profile.unpriced), profile.id


def test_a_name_means_one_profile():
    uses = Counter(name for profile in profiles().values() for name in spelled(profile))
    assert not [name for name, n_uses in uses.items() if n_uses > 1]
    assert all(alias == alias.lower() for profile in profiles().values() for alias in profile.aliases)


def test_idle_is_below_busy_and_busy_below_the_maximum():
    for profile in profiles().values():
        if profile.max_w and profile.busy_w and profile.idle_w:
            assert profile.idle_w.value < profile.busy_w.value <= profile.max_w.value, profile.id


def test_throughput_points_are_of_known_hardware_and_say_something():
    assert len(throughput()) >= 1000
    assert {point.hardware for point in throughput()} <= set(profiles())
    assert all(point.output_tok_per_s or point.itl_ms for point in throughput())


def test_throughput_is_one_row_an_operating_point():
    keys = Counter(
        (p.hardware, p.n_gpus, p.model, p.dtype, p.engine, p.concurrency, p.input_tok, p.output_tok)
        for p in throughput()
    )
    assert not [key for key, n_rows in keys.items() if n_rows > 1]


def test_rtx_4090_throughput_is_as_published():
    def speeds(model: str, dtype: str, engine: str) -> dict[int, float | None]:
        wanted = ("rtx-4090", model, dtype, engine)
        chosen = (p for p in throughput() if (p.hardware, p.model, p.dtype, p.engine) == wanted)
        return {p.concurrency: p.output_tok_per_s for p in chosen}

    assert speeds("llama-3.1-8b", "fp8", "vllm") == {1: 195, 8: 880, 32: 1100}
    assert speeds("mistral-7b", "fp16", "vllm") == {4: 210, 8: 377, 16: 644, 32: 975, 48: 1190}
    assert speeds("qwen3-8b", "bf16", "vllm") == {1: 40}
    assert speeds("llama-3.1-8b", "fp16", "ollama") == {1: 62}
    p99 = {p.concurrency: p.ttft_ms for p in throughput() if p.ttft_stat == "p99"}
    assert p99 == {4: 157, 8: 268, 16: 503, 32: 938, 48: 1483}


def test_machines_without_a_gpu_are_there_and_say_that_they_are_guesses():
    found = {name: held for name, held in profiles().items() if held.category == "cpu"}
    assert {"epyc-9654", "xeon-8592-plus", "desktop-ddr5"} <= set(found)
    for held in found.values():
        assert held.kind == "assumed"
        assert held.bandwidth_gb_per_s is not None
        assert 50 < held.bandwidth_gb_per_s.value < 1000
        assert held.prices[0].basis == "machine"
