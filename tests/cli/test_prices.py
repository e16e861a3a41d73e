"""``tco prices``: pull, list, show, history, diff, reconcile, verify, lock; exit codes, streams and the two forms."""

from __future__ import annotations

import gzip
import json
import os
import sys

import pytest

from tco.cli import lookup
from tco.report.price_diff import MARKER
from tco.report.progress import progress
from tco.sheets.store import Store
from tests.sheetkit import litellm, litellm_wheel, offer, row, sheet

OURS = (
    offer("gpt-x", row("2", "8"), row("1", "8", since=row().since.replace(month=6)), provider="openai", tier="api"),
)


@pytest.fixture
def prices(tco, home, monkeypatch):
    """The command with a store of its own, two registries, and one curated offer."""
    monkeypatch.setenv("TCO_HOME", str(home / "store"))
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(lookup, "curated", lambda data=None: OURS)
    monkeypatch.setattr(lookup, "shipped_offers", lambda: OURS)
    (home / "a.json").write_bytes(litellm(20))
    (home / "b.json").write_bytes(litellm(21, factor=1.5))
    return lambda *arguments: tco("prices", *arguments)


@pytest.fixture
def pulled(prices):
    """The same after two pulls."""
    for day, name in (("2026-11-01", "a"), ("2026-11-20", "b")):
        assert prices("pull", "--source", f"litellm={name}.json", "--as-of", day).code == 0
    return prices


def ids(prices):
    return [sheet["id"] for sheet in prices("list", "--json").record["sheets"]]


def test_pull(prices):
    ran = prices("pull", "--source", "litellm=a.json", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.record["schema"] == "tco.prices.pull/1"
    assert (ran.record["n_offers"], ran.record["parent"], ran.record["changes"]) == (21, None, None)
    again = prices("pull", "--source", "litellm=b.json")
    assert "is current: 22 offers from litellm" in again.out
    assert "1 changed" not in again.out
    assert "40 changed" in again.out


def test_pull_refused(prices):
    assert prices("pull", "--source", "nothing").code == 2
    ran = prices("pull", "--source", "litellm=none.json")
    assert (ran.code, ran.out) == (3, "")
    assert "the current sheet is unchanged" in ran.err
    assert prices("list", "--json").record["sheets"] == []


def test_pull_a_wheel_with_a_hash(prices, home):
    wheel = litellm_wheel(home, litellm(3))
    ran = prices("pull", "--source", f"{wheel.name}#sha256={'0' * 64}")
    assert (ran.code, ran.out) == (3, "")
    assert "wrong hash" in ran.err
    assert prices("pull", "--source", wheel.name).code == 0


def test_list(prices, pulled):
    ran = prices("list")
    assert (ran.code, ran.err) == (0, "")
    assert "current" in ran.out
    assert [sheet["n_offers"] for sheet in prices("list", "--json").record["sheets"]] == [22, 21]


def test_list_of_nothing(prices):
    ran = prices("list")
    assert (ran.code, ran.err) == (0, "")
    assert "Nothing was pulled yet" in ran.out


def test_show(pulled):
    record = pulled("show", "acme/model-0", "--json", "--as-of", "2026-11-21").record
    (rate,) = record["rates"]
    assert rate["usd_per_mtok"] == {"input": "0.15", "output": "0.45"}
    assert rate["known"] == "changed between 2026-11-01 and 2026-11-20, seen in two snapshots"
    before = pulled("show", "acme/model-0", "--json", "--as-of", "2026-11-02").record
    assert before["rates"][0]["usd_per_mtok"] == {"input": "0.1", "output": "0.3"}
    assert "0.45" in pulled("show", "acme/model-0").out
    assert pulled("show", "gpt-x", "--sheet", "curated", "--json").record["sheet"] == "curated"


def test_an_unknown_model(pulled):
    ran = pulled("show", "acme/modell-0")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean 'acme/model-0'" in ran.err
    assert pulled("history", "gpt-y").code == 2


def test_history(pulled, home):
    record = pulled("history", "acme/model-0", "--provider", "deepinfra", "--json").record
    assert [step["usd"]["input"] for step in record["steps"]] == ["0.1", "0.15"]
    assert [step["how"] for step in record["steps"]] == ["observed", "observed"]
    assert pulled("history", "gpt-x", "--as-of", "2026-03-01", "--json").record["steps"][-1]["usd"]["input"] == "2"
    (home / "old.json").write_bytes(litellm(1, factor=2.0))
    past = pulled("history", "acme/model-0", "--backfill", "litellm@1.0.0=old.json", "--json").record["steps"]
    assert [step["how"] for step in past] == ["observed", "observed", "versions"]
    assert (
        "first seen in litellm 1.0.0" in pulled("history", "acme/model-0", "--backfill", "litellm@1.0.0=old.json").out
    )


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_charts(pulled, home, suffix):
    for name, arguments in (("m", ["gpt-x"]), ("t", ["--tier", "api"])):
        path = home / f"{name}.{suffix}"
        assert pulled("history", *arguments, "--chart", path).code == 0
        first = path.read_bytes()
        assert len(first) > 5_000
        assert pulled("history", *arguments, "--chart", path).code == 0
        assert path.read_bytes() == first


def test_charts_refused(pulled):
    assert pulled("history", "gpt-x", "--chart", "x.jpg").code == 2
    assert pulled("history", "gpt-x", "--chart", "none/x.png").code == 2
    assert pulled("history").code == 2
    assert pulled("history", "gpt-x", "--tier", "api").code == 2
    assert "mmlu" in pulled("history", "--tier", "best").err


def test_the_decline_of_a_tier(pulled):
    record = pulled("history", "--tier", "api", "--json").record
    assert (record["schema"], len(record["points"]), record["halving_months"]) == ("tco.prices.decline/1", 2, None)
    assert record["text"] == "too few prices to fit"


def test_diff(pulled):
    new, old = ids(pulled)
    record = pulled("diff", old, "--json").record
    assert len(record["changed"]) == 40
    assert {change["ratio"] for change in record["changed"]} == {1.5}
    assert [each["model"] for each in record["added"]] == ["acme/model-20"] * 2
    assert "40 changed, 2 added, 0 removed" in pulled("diff", old, new).out
    assert "| deepinfra/acme/model-0 |" in pulled("diff", old, new, "--format", "markdown").out
    assert pulled("diff", old[:8], "current", "--format", "comment").out.startswith(MARKER)
    assert "No price differs" in pulled("diff", new, "current").out
    assert pulled("diff", old, new, "--format", "html").code == 2
    assert pulled("diff", "0123456789", new).code == 3


def test_reconcile(pulled, home):
    assert pulled("reconcile").code == 0
    (home / "c.json").write_text(json.dumps({"gpt-x": {
        "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 5e-6, "output_cost_per_token": 8e-6,
    }}))  # fmt: skip
    record = pulled("reconcile", "--source", "litellm=c.json", "--json").record
    (found,) = record["disagreements"]
    assert (found["meter"], found["ratio"], found["chosen_usd"], found["chosen_source"]) == (
        "input",
        5.0,
        "1",
        "curated",
    )
    assert pulled("reconcile", "--source", "litellm=c.json", "--fail").code == 0
    assert "curated" in pulled("reconcile", "--source", "litellm=c.json").out


def test_reconcile_without_a_sheet(prices):
    assert prices("reconcile").code == 3


def test_verify(pulled, home):
    ran = pulled("verify")
    assert (ran.code, ran.err) == (0, "")
    assert "sound" in ran.out
    assert pulled("verify", "curated", "--json").record["ok"]
    new, old = ids(pulled)
    store = Store()
    path = store.path(new)
    document = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(document.replace(b'"0.15"', b'"0.14"')))
    ran = pulled("verify", "--json")
    assert ran.code == 3
    assert [finding["rule"] for finding in ran.record["findings"]] == ["hash"]
    ran = pulled("show", "gpt-x")
    assert (ran.code, ran.out) == (3, "")
    assert "tco prices pull" in ran.err
    assert pulled("verify", old).code == 0


def test_verify_finds_implausible_prices(prices, monkeypatch):
    monkeypatch.setattr(lookup, "curated", lambda data=None: (offer("m", row("9", "1")),))
    ran = prices("verify", "curated")
    assert (ran.code, ran.err) == (1, "")
    assert "plausibility" in ran.out


def test_lock(pulled, home):
    _, old = ids(pulled)
    assert pulled("lock", old[:9], "--json").record["sheet"] == old
    assert json.loads((home / "tco.lock").read_text())["sheet"] == old
    assert pulled("show", "acme/model-0", "--json").record["sheet"] == f"locked {old[:12]}"
    assert pulled("list", "--json").record["locked"] == old
    Store().path(old).unlink()
    ran = pulled("show", "acme/model-0")
    assert (ran.code, ran.out) == (3, ""), ran.err
    assert "tco.lock: pins sheet" in ran.err


def test_an_old_sheet_says_so(prices):
    assert prices("pull", "--source", "litellm=a.json", "--as-of", "2020-01-01").code == 0
    ran = prices("show", "gpt-x")
    assert ran.code == 0
    assert "warning: prices are" in ran.err


def test_progress_only_for_people(capsys, monkeypatch):
    with progress() as say:
        say("fetching")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("tco.report.progress.DELAY_S", 0.0)
    with progress() as say:
        say("fetching")
        for _ in range(100):
            if capsys.readouterr().err:
                break
            import time

            time.sleep(0.01)
        say("merging")
    assert capsys.readouterr().err == "merging\n"


@pytest.fixture
def dear(tco, home, monkeypatch):
    """The command itself, with the tool's own curated prices, after a pull in which one of them has doubled."""
    monkeypatch.setenv("TCO_HOME", str(home / "store"))
    monkeypatch.setattr(os, "fsync", lambda _: None)
    store = Store()
    held = next(each for each in lookup.curated() if (each.provider, each.model) == ("openai", "gpt-4o-mini"))
    rows = tuple(
        each.model_copy(update={"usd_per_mtok": {meter: 2 * usd for meter, usd in each.usd_per_mtok.items()}})
        for each in held.rates
    )
    with store.locked():
        store.put(sheet(held.model_copy(update={"rates": rows}), offer("only-pulled", row("3", "4"))))
    return tco


def usd(tco, *arguments):
    ran = tco("prices", "cost", *arguments, "--input", "1000000", "--output", "0", "--at", "2026-11-22", "--json")
    assert ran.code == 0, ran.err
    return ran.record["usd"]


def test_the_pulled_sheet_answers_before_the_curated_prices(dear, home):
    assert usd(dear, "gpt-4o-mini", "--provider", "openai") == "0.3"
    assert usd(dear, "only-pulled") == usd(dear, "only-pulled", "--provider", "acme") == "3"
    used = dear("compare", "chat.yaml", "--draws", "0", "--json", "--as-of", "2026-11-22").record
    assert used["provenance"]["price_sheets"][-1] == f"sheet@{str(Store().current_id())[:12]}"
    assert not [text for text in used["warnings"] if "prices are" in text]
    old = dear("compare", "chat.yaml", "--draws", "0", "--json", "--as-of", "2027-02-01").record
    assert [text for text in old["warnings"] if text.startswith("prices are 70 days old")]


def test_an_overlay_comes_before_the_pulled_sheet(dear, home):
    folder = home / "mine" / "pricing" / "tokens"
    folder.mkdir(parents=True)
    (folder / "openai.yaml").write_text(
        "provider: openai\noffers:\n  - {model: gpt-4o-mini, tier: api, rates: [{since: 2026-01-01, source: contract, "
        "as_of: 2026-01-01, kind: vendor, usd_per_mtok: {input: 0.1, output: 0.4}}]}\n",
        encoding="utf-8",
    )
    assert usd(dear, "gpt-4o-mini", "--provider", "openai", "--data", "mine") == "0.1"


def test_a_lock_on_a_sheet_that_is_gone_stops_a_comparison(dear, home):
    assert dear("prices", "lock").code == 0
    for path in Store().sheets.iterdir():
        path.unlink()
    ran = dear("compare", "chat.yaml")
    assert (ran.code, ran.out) == (3, ""), ran.err
    assert "tco.lock: pins sheet" in ran.err


@pytest.mark.parametrize("width", ["80", "120"])
@pytest.mark.parametrize("what", ["show", "history"])
def test_prices_keep_ids_and_addresses_whole(tco, home, monkeypatch, width, what):
    monkeypatch.setenv("COLUMNS", width)
    ran = tco("prices", what, "claude-haiku-4.5", "--provider", "anthropic")
    assert "\nanthropic/claude-haiku-4.5, standard\n" in ran.out
    assert "\nanthropic/claude-haiku-4.5, batch\n" in ran.out
    assert "cache_write_1h" in ran.out
    assert all(len(line) <= int(width) for line in ran.out.splitlines())
    if what == "show":
        assert "https://platform.claude.com/docs/en/about-claude/pricing; genai-prices" in ran.out
        rows = [line.split() for line in ran.out.splitlines()]
        assert ["output", "5", "million", "tokens"] in rows
        assert ["cache_write", "1.25", "million", "tokens"] in rows


def test_a_day_without_a_price_says_so(tco, home):
    ran = tco("prices", "show", "claude-haiku-4.5", "--provider", "anthropic", "--as-of", "2024-01-01")
    assert (ran.code, ran.out) == (0, "No price of anthropic/claude-haiku-4.5 in force on 2024-01-01.\n")
