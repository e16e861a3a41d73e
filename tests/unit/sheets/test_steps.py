"""History: each step with how it is known, from rows and from files of the past."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from tco.errors import MissingDataError
from tco.sheets import backfill as past
from tco.sheets.backfill import version_key
from tco.sheets.steps import history, known_by
from tests.sheetkit import BATCH, litellm, offer, row


def backfill(texts, offers):
    return past.backfill(texts, offers, say=lambda _: None)


D1, D2, D3 = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("stated", "how", "known"),
    [
        ({}, "dated", "dated by the vendor"),
        ({"kind": "published"}, "dated", "dated by its source"),
        ({"kind": "rumoured"}, "rumoured", "rumoured"),
        ({"observed": (D1, D1)}, "observed", "first seen on 2026-01-01; may be older"),
        ({"observed": (D1, D2)}, "observed", "changed between 2026-01-01 and 2026-02-01, seen in two snapshots"),
    ],
)
def test_how_a_start_is_known(stated, how, known):
    assert known_by(row(**stated)) == (how, known)


def test_steps_in_order_and_once():
    held = offer("m", row("2", since=D2), row("1", since=D1), row("0.5", since=D2, when=BATCH))
    steps = history([held, held])
    assert [(step.when, step.day, step.usd["input"]) for step in steps] == [
        ("", D1, Decimal(1)),
        ("", D2, Decimal(2)),
        ("batch", D2, Decimal("0.5")),
    ]


def test_an_observation_that_repeats_the_price_is_no_step():
    seen = row("1", since=D2, observed=(D2, D2))
    changed = row("3", since=D3, observed=(D2, D3))
    steps = history([offer("m", row("1", since=D1), seen, changed)])
    assert [step.usd["input"] for step in steps] == [1, 3]
    ended = history([offer("m", row("1", since=D1, until=D2), seen)])
    assert len(ended) == 2  # it had ended, so to see it again is news


def test_until():
    held = offer("m", row("1", since=D1), row("2", since=D3))
    assert [step.day for step in history([held], until=D2)] == [D1]


def test_versions_are_numbers():
    assert sorted(["1.106.10", "1.99.0", "1.106.9"], key=version_key) == ["1.99.0", "1.106.9", "1.106.10"]


METERS = ("input_cost_per_token", "output_cost_per_token", "input_cost_per_token_batches")
HEAD = f"key,from_version,state,{','.join(f'{meter}_usd_per_mtok' for meter in METERS)}\n"


def test_change_points(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(
        HEAD + "m-1,1.9.0,present,1,2,\nm-1,1.10.0,present,0.5,2,0.25\nm-1,1.11.0,absent,,,\nother,1.8.0,present,9,9,\n"
        "m-1,1.12.0,present,0.5,2,0\ndeepinfra/m-1,1.9.0,present,7,7,\n",
        encoding="utf-8",
    )
    steps = backfill([str(path)], [offer("m-1", provider="openai")])
    assert [(step.when, step.known, {key: str(usd) for key, usd in step.usd.items()}) for step in steps] == [
        ("", "first seen in litellm 1.9.0, not yet in 1.8.0", {"input": "1", "output": "2"}),
        ("", "changed between litellm 1.9.0 and 1.10.0", {"input": "0.5", "output": "2"}),
        ("batch", "first seen in litellm 1.10.0, not yet in 1.9.0", {"input": "0.25"}),
    ]
    assert all(step.since is None and step.how == "versions" for step in steps)
    assert [step.usd["input"] for step in backfill([str(path)], [offer("m-1", provider="deepinfra")])] == [7]
    assert backfill([str(path)], [offer("m-1", provider="azure")]) == []


@pytest.mark.parametrize("text", ["a,b\n1,2\n", HEAD + "m-1,1.0,present,x,1,\n"])
def test_no_change_points(tmp_path, text):
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MissingDataError):
        backfill([str(path)], [offer("m-1", provider="openai")])


def test_openrouters_history(tmp_path):
    path = tmp_path / "h.json"
    path.write_text(json.dumps({"models": {"acme/m-1": {"points": [["2026-01-05", 1.5, 2.5], ["2026-02-05", 0, 0]]}}}))
    (step,) = backfill([str(path)], [offer("m-1")])
    assert (step.provider, step.day, step.usd, step.how) == (
        "openrouter", date(2026, 1, 5), {"input": Decimal("1.5"), "output": Decimal("2.5")}, "observed",
    )  # fmt: skip
    path.write_text('{"models": {"acme/m-1": {"points": [["yesterday", 1, 2]]}}}')
    with pytest.raises(MissingDataError, match="not OpenRouter's history"):
        backfill([str(path)], [offer("m-1")])


def test_old_registries_in_the_order_of_their_versions(tmp_path):
    for name, factor in (("new", 0.5), ("old", 1.0)):
        (tmp_path / f"{name}.json").write_bytes(litellm(2, factor=factor))
    held = offer("acme/model-0", provider="deepinfra")
    steps = backfill([f"litellm@1.10.0={tmp_path / 'new.json'}", f"litellm@1.9.0={tmp_path / 'old.json'}"], [held])
    assert [(step.known, step.usd["input"]) for step in steps] == [
        ("first seen in litellm 1.9.0", Decimal("0.1")),
        ("changed between litellm 1.9.0 and 1.10.0", Decimal("0.05")),
    ]


def test_the_shared_change_points(shared_data):
    path = shared_data / "prices" / "litellm_price_changepoints_30_versions.csv"
    held = offer("claude-haiku-3.5", provider="anthropic", aliases=("claude-3-5-haiku-20241022",))
    steps = backfill([str(path)], [held])
    assert [(str(step.usd["input"]), step.known) for step in steps][:2] == [
        ("1", "first seen in litellm 1.55.0, not yet in 1.0.0"),
        ("0.8", "changed between litellm 1.60.0 and 1.65.0"),
    ]
