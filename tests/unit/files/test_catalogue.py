"""The catalogue: names and aliases, an overlay before the shipped data, content addresses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tco.errors import InvalidInputError, UnknownNameError
from tco.files.addresses import DATA_FOLDERS
from tco.files.catalogue import Catalogue, shipped_folder

OFFERS = """\
provider: acme
offers:
  - {model: big-1, tier: api, aliases: [Big One], rates: [{since: 2026-01-01, usd_per_mtok: {input: 1, output: 2},
     source: s, as_of: 2026-01-01, kind: vendor}]}
  - {model: small-1, tier: budget_cloud, unpriced: on request}
"""
TARIFFS = "country,region,sector,band,price_per_kwh,currency,as_of,source,kind,note\n"


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return Catalogue()


def test_a_profile_by_id_alias_and_name(shipped):
    card = shipped.hardware("rtx-4090")
    assert card.id == "rtx-4090"
    assert card.aliases
    for alias in (*card.aliases, card.name, card.name.upper(), "RTX-4090"):
        assert shipped.hardware(alias) is card
    assert shipped.model("qwen3-8b").id == "qwen3-8b"


def test_every_file_is_named_by_its_id(shipped):
    assert {name: each.id for name, each in shipped.all_hardware.items()} == {
        name: name for name in shipped.all_hardware
    }
    assert {name: each.id for name, each in shipped.all_models.items()} == {name: name for name in shipped.all_models}


def test_an_unknown_name_names_its_neighbours(shipped):
    with pytest.raises(UnknownNameError, match="no hardware 'h100-sxn'; did you mean 'h100-sxm'"):
        shipped.hardware("h100-sxn")
    with pytest.raises(UnknownNameError, match="`tco list models` lists"):
        shipped.model("claude-haiku")  # ambiguous: there are several, so it names none
    assert shipped.known_model("nobody") is None
    assert shipped.profiled("nobody") is None


@pytest.mark.parametrize(
    "name", ["../pricing/providers", "..", ".", "", "a/b", "/etc/passwd", "a\\b", "x" * 999, "\0", "*"]
)
def test_a_name_is_not_a_path(shipped, name):
    with pytest.raises(UnknownNameError):
        shipped.hardware(name)
    assert shipped.offers_of(name) == ()


def test_offers_of_one_provider_are_read_from_one_file(tmp_path):
    put(tmp_path, "pricing/tokens/acme.yaml", OFFERS)
    catalogue = Catalogue(tmp_path)
    assert [offer.model for offer in catalogue.offers_of("acme")] == ["big-1", "small-1"]
    assert {offer.provider for offer in catalogue.offers} > {"acme", "openai"}
    assert "acme" in catalogue.sellers


def test_no_offer_is_there_twice(shipped):
    pairs = [(offer.provider, offer.model) for offer in shipped.offers]
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("provider: acme\n", None),
        ("provider: acme\noffers: []\n", None),
        ("provider: acme\noffers:\n", "acme.yaml:2:8: offers: got null; expected a list of mappings"),
        ("provider: acme\noffers: {a: 1}\n", "acme.yaml:2:9: offers: got a mapping; expected a list of mappings"),
        (
            "provider: acme\noffers: [a, 5]\n",
            r"offers\[0\]: got 'a' \(text\); expected a mapping\n.*offers\[1\]: got 5",
        ),
        ("provider: acme\nofers: []\n", "acme.yaml:2:1: ofers: unknown key; did you mean 'offers'"),
        ("provider: zeta\noffers: [{model: m, tier: api, unpriced: x}]\n", "provider: got 'zeta'; expected 'acme'"),
        (
            "offers: [{model: m, tier: apy}, {modl: m, tier: api}]\n",
            r"tier: got 'apy'(?s:.*)offers\[1\].modl: unknown key",
        ),
    ],
)
def test_a_price_file_that_does_not_fit(tmp_path, text, message):
    put(tmp_path, "pricing/tokens/acme.yaml", text)
    if message is None:
        assert Catalogue(tmp_path).offers_of("acme") == ()
        return
    with pytest.raises(InvalidInputError, match=message):
        Catalogue(tmp_path).offers_of("acme")


def test_a_row_of_the_overlay_replaces_its_like_and_nothing_else(tmp_path, shipped):
    row = next(row for row in shipped.tariffs if row.country == "DE")
    identity = (row.country, row.region, row.sector, row.band)
    put(tmp_path, "pricing/electricity.csv", TARIFFS + ",".join(identity) + ",0.5,EUR,2001-01-01,bill,measured,\n")

    def like(rows):
        return [each for each in rows if (each.country, each.region, each.sector, each.band) == identity]

    own = Catalogue(tmp_path)
    assert [(each.price_per_kwh, each.source) for each in like(own.tariffs)] == [(0.5, "bill")]
    assert len(own.tariffs) == len(shipped.tariffs) - len(like(shipped.tariffs)) + 1
    assert own.fx == shipped.fx


def test_data_is_known_by_its_content(tmp_path):
    for name in "ab":
        for folder in DATA_FOLDERS:
            shutil.copytree(shipped_folder() / folder, tmp_path / name / folder)
    one, other = (Catalogue(tmp_path / name).sheet_ids for name in "ab")
    assert one == other
    assert [each.split("@")[0] for each in one] == ["overlay", "shipped"]
    assert {each.split("@")[1] for each in one} == {one[0].split("@")[1]}, "a copy has the address of the original"
    seen = {one[0]}
    for name in (
        "pricing/fx.csv", "pricing/tokens/openai.yaml", "pricing/sheet/index.json", "hardware_profiles/l4.yaml",
        "hardware_profiles/throughput.csv", "model_profiles/qwen3-8b.yaml", "quality/scores.csv",
    ):  # fmt: skip
        put(tmp_path / "b", name, (tmp_path / "b" / name).read_text(encoding="utf-8") + "\n")
        changed = Catalogue(tmp_path / "b").sheet_ids
        assert changed[1] == one[1]
        assert changed[0] not in seen, name
        seen.add(changed[0])


def test_an_overlay_of_one_profile_and_one_of_none(tmp_path):
    put(tmp_path, "a/hardware_profiles/x.yaml", "id: x\n")
    put(tmp_path, "b/hardware_profiles/x.yaml", "id: y\n")
    put(tmp_path, "c/workloads/w.yaml", "name: w\n")
    one, other, none = (Catalogue(tmp_path / name).sheet_ids[0] for name in "abc")
    assert one != other
    assert none == "overlay@empty"


def test_a_folder_that_is_not_there():
    with pytest.raises(InvalidInputError, match="nowhere: --data: no such folder"):
        Catalogue(Path("nowhere"))


def test_a_workload_by_path_by_name_and_by_file_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "mine/workloads/chat.yaml", "name: chat\n")
    catalogue = Catalogue(Path("mine"))
    assert catalogue.workload_path("chat") == catalogue.workload_path("chat.yaml") == Path("mine/workloads/chat.yaml")
    put(tmp_path, "chat.yaml", "name: here\n")
    assert catalogue.workload_path("chat.yaml") == Path("chat.yaml")
    assert catalogue.workload_path("chat") == Path("mine/workloads/chat.yaml")
    assert catalogue.workload_path("other.yaml") == Path("other.yaml"), "the reader says that there is none"
    with pytest.raises(UnknownNameError, match="no workload 'chta'; did you mean 'chat'"):
        catalogue.workload_path("chta")
