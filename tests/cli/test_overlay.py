"""Own data before the shipped data; variables before settings; the command line before both."""

from __future__ import annotations

import pytest

from tco.files.catalogue import shipped_folder

DAY = ["--as-of", "2026-11-22"]
PRICE = """\
provider: openai
offers:
  - model: gpt-4o-mini
    tier: api
    rates:
      - since: 2026-01-01
        usd_per_mtok: {input: 1000, output: 2000}
        source: own contract
        as_of: 2026-11-01
        kind: vendor
"""


@pytest.fixture
def mine(home):
    for name in ("pricing/tokens", "hardware_profiles", "workloads"):
        (home / "mine" / name).mkdir(parents=True)
    return home / "mine"


def options(ran):
    assert ran.code == 0, ran.err
    return {option["id"]: option for option in ran.record["options"]}


def test_an_own_price_replaces_the_shipped_one(tco, mine):
    shipped = options(tco("compare", "chat.yaml", "--json", *DAY))
    (mine / "pricing" / "tokens" / "openai.yaml").write_text(PRICE, encoding="utf-8")
    ran = tco("compare", "chat.yaml", "--json", "--data", "mine", *DAY)
    own = options(ran)
    # 900k requests of 1200 tokens at 1000 USD/Mtok and 250 at 2000 USD/Mtok
    assert own["openai/gpt-4o-mini"]["usd_per_month"] == pytest.approx(
        900e3 * (1200 * 1000 + 250 * 2000) / 1e6, rel=1e-12
    )
    assert {line["source"] for line in own["openai/gpt-4o-mini"]["ledger"]} == {"own contract"}
    other = "anthropic/claude-haiku-4.5"
    assert own[other] == {**shipped[other], "win_frac": own[other]["win_frac"]}
    sheets = ran.record["provenance"]["price_sheets"]
    assert [sheet.split("@")[0] for sheet in sheets] == ["overlay", "shipped"]


def test_an_own_machine_replaces_the_shipped_one(tco, mine):
    shipped = options(tco("compare", "chat.yaml", "--json", *DAY))
    profile = """\
id: rtx-4090
name: our workstation
vendor: NVIDIA
category: consumer
memory_gb: 24
bandwidth_gb_per_s: 1008
dense_tflops: {bf16: 165, fp8: 330}
idle_w: 30
busy_w: 350
host: {usd: 1000, idle_w: 60, busy_w: 200}
prices: [{since: 2026-01-01, usd: 9000, source: our invoice, as_of: 2026-01-01, kind: measured}]
source: our inventory
as_of: 2026-01-01
kind: measured
"""
    (mine / "hardware_profiles" / "rtx-4090.yaml").write_text(profile, encoding="utf-8")
    own = options(tco("compare", "chat.yaml", "--json", "--data", "mine", *DAY))
    (name,) = (name for name in own if "rtx-4090" in name)
    assert own[name]["usd_per_month"] > shipped[name]["usd_per_month"]
    prices = {
        each["value"] for line in own[name]["ledger"] for each in line["inputs"] if each["name"] == "machine.gpu_usd"
    }
    assert prices == {9000.0}
    shown = tco("show", "hardware", "rtx-4090", "--json", "--data", "mine").record["item"]
    assert shown["name"] == "our workstation"


def test_own_rows_replace_shipped_rows_whatever_their_date(tco, home, mine):
    tariff = "country,region,sector,band,price_per_kwh,currency,as_of,source,kind,note\n"
    shown = tco("list", "electricity", "--json", *DAY).record["items"]
    assert any((row["country"], row["region"], row["sector"]) == ("US", "US total", "commercial") for row in shown)
    own = tariff + "US,US total,commercial,,0.99,USD,2020-01-01,our bill,measured,\n"
    (mine / "pricing" / "electricity.csv").write_text(own, encoding="utf-8")
    text = (home / "chat.yaml").read_text(encoding="utf-8").replace("site: {electricity: 0.15}\n", "")
    (home / "grid.yaml").write_text(text, encoding="utf-8")
    record = tco("compare", "grid.yaml", "--json", "--data", "mine", *DAY).record
    assert record["workload"]["electricity_usd_per_kwh"] == 0.99


def test_an_own_workload_replaces_the_shipped_one(tco, home, mine):
    name = tco("list", "workloads", "--json").record["items"][0]["id"]
    (mine / "workloads" / f"{name}.yaml").write_text((home / "chat.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert tco("compare", name, "--json", "--data", "mine", *DAY).record["workload"]["name"] == "chat"
    (mine / "workloads" / "only-mine.yaml").write_text(
        (home / "chat.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    assert tco("compare", "only-mine", "--json", "--data", "mine", *DAY).code == 0
    assert tco("compare", "only-mine").code == 2
    names = [row["id"] for row in tco("list", "workloads", "--json", "--data", "mine").record["items"]]
    assert "only-mine" in names
    assert name in names


def test_a_file_before_a_name_of_the_catalogue(tco, home):
    """A workload in the current folder is what a person means, whatever the catalogue calls so."""
    name = tco("list", "workloads", "--json").record["items"][0]["id"]
    (home / f"{name}.yaml").write_text((home / "chat.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert tco("compare", f"{name}.yaml", "--json").record["workload"]["name"] == "chat"


def test_a_file_of_another_provider(tco, mine):
    (mine / "pricing" / "tokens" / "contract.yaml").write_text(PRICE, encoding="utf-8")
    ran = tco("list", "prices", "--data", "mine")
    assert (ran.code, ran.out) == (2, "")
    assert "contract.yaml:1:11: provider: got 'openai'; expected 'contract', the name of the file" in ran.err


def test_every_file_of_the_overlay_is_checked_whoever_asks(tco, mine):
    (mine / "hardware_profiles" / "my-gpu.yaml").write_text("id: my-gpu\nvendor: acme\n", encoding="utf-8")
    (mine / "hardware_profiles" / "other.yml").write_text("id: other\n", encoding="utf-8")
    (mine / "pricing" / "fx.csv").write_text("currency,usd_per_unit\nEUR,0\n", encoding="utf-8")
    (mine / "pricing" / "tokens" / "contract.yaml").write_text(PRICE, encoding="utf-8")
    ran = tco("compare", "chat.yaml", "--data", "mine", *DAY)
    assert (ran.code, ran.out) == (2, "")
    wrong_seller = "contract.yaml:1:11: provider: got 'openai'; expected 'contract'"
    for message in (
        "my-gpu.yaml:1:1: category: missing", "other.yml: no data file of this name is read",
        "fx.csv:1:1: since: missing", "usd_per_unit: got 0", wrong_seller,
    ):  # fmt: skip
        assert message in ran.err


def test_a_profile_is_named_by_its_id(tco, mine):
    text = (shipped_folder() / "hardware_profiles" / "l4.yaml").read_text(encoding="utf-8")
    (mine / "hardware_profiles" / "mine.yaml").write_text(text, encoding="utf-8")
    ran = tco("compare", "chat.yaml", "--data", "mine", *DAY)
    assert ran.code == 2
    assert "id: got 'l4'; expected 'mine', the name of the file" in ran.err


def test_an_overlay_without_data_says_so(tco, home):
    (home / "nothing").mkdir()
    record = tco("compare", "chat.yaml", "--json", "--data", "nothing", *DAY).record
    assert record["provenance"]["price_sheets"][0] == "overlay@empty"
    assert "nothing (--data) holds no data files: every figure is a shipped one" in str(record)


def day_of(ran) -> str:
    assert ran.code == 0, ran.err
    return ran.record["provenance"]["as_of"]


def test_the_order_of_what_states_a_day(tco, home, monkeypatch):
    text = (home / "chat.yaml").read_text(encoding="utf-8")
    (home / "chat.yaml").write_text(text + "as_of: 2026-10-01\n", encoding="utf-8")
    assert day_of(tco("compare", "chat.yaml", "--json")) == "2026-10-01"
    (home / "tco.toml").write_text("as_of = 2026-10-02\n", encoding="utf-8")
    assert day_of(tco("compare", "chat.yaml", "--json")) == "2026-10-02"
    (home / "tco.toml").write_text("as_of = 2026-10-02\n[compare]\nas_of = '2026-10-03'\n", encoding="utf-8")
    assert day_of(tco("compare", "chat.yaml", "--json")) == "2026-10-03"
    assert day_of(tco("explain", "chat.yaml", "mini", "--json")) == "2026-10-02"
    monkeypatch.setenv("TCO_AS_OF", "2026-10-04")
    assert day_of(tco("compare", "chat.yaml", "--json")) == "2026-10-04"
    assert day_of(tco("compare", "chat.yaml", "--json", "--as-of", "2026-10-05")) == "2026-10-05"


def test_draws_and_seed_from_settings_and_variables(tco, home, monkeypatch):
    (home / "tco.toml").write_text("[compare]\ndraws = 10\nseed = 3\nas_json = true\n", encoding="utf-8")
    found = tco("compare", "chat.yaml").record["provenance"]
    assert (found["n_draws"], found["seed"]) == (10, 3)
    monkeypatch.setenv("TCO_DRAWS", "20")
    monkeypatch.setenv("TCO_SEED", "4")
    found = tco("compare", "chat.yaml").record["provenance"]
    assert (found["n_draws"], found["seed"]) == (20, 4)
    found = tco("compare", "chat.yaml", "--draws", "30", "--seed", "5").record["provenance"]
    assert (found["n_draws"], found["seed"]) == (30, 5)


def test_an_overlay_from_the_environment(tco, mine, monkeypatch):
    (mine / "pricing" / "tokens" / "openai.yaml").write_text(PRICE, encoding="utf-8")
    monkeypatch.setenv("TCO_DATA", "mine")
    assert options(tco("compare", "chat.yaml", "--json", *DAY))["openai/gpt-4o-mini"][
        "usd_per_request"
    ] == pytest.approx(1.7)


def test_a_day_changes_the_price(tco, home, mine):
    later = PRICE + PRICE.split("rates:\n")[1].replace("2026-01-01", "2026-11-10").replace("1000", "500").replace(
        "2000", "1000"
    )
    (mine / "pricing" / "tokens" / "openai.yaml").write_text(later, encoding="utf-8")

    def usd(day: str) -> float:
        found = options(tco("compare", "chat.yaml", "--json", "--data", "mine", "--as-of", day))
        return found["openai/gpt-4o-mini"]["usd_per_request"]

    assert usd("2026-11-09") == pytest.approx(1.7)
    assert usd("2026-11-10") == pytest.approx(0.85)


def test_an_empty_folder_name_is_refused(tco):
    ran = tco("compare", "startup-chat", "--data", "")
    assert (ran.code, ran.out) == (2, "")
    assert "--data: got an empty name" in ran.err
