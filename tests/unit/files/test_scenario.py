"""From a workload to a scenario: every name resolved on the day, every problem at once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tco.describe.option import MachineOption, TokenOption
from tco.errors import InvalidInputError
from tco.files import scenario
from tco.files.catalogue import Catalogue
from tco.files.instants import parse_day
from tco.files.policy import MAX_RENTAL_AGE_DAYS
from tco.files.scenario import load

DAY = date(2026, 11, 22)
HEAD = "name: t\ndemand: {requests: 1000}\ntokens: {input: 1200, output: 250}\n"
NONE = {"api": "[]", "budget_cloud": "[]", "self_hosted": "[]"}


@pytest.fixture(autouse=True)
def one_catalogue(monkeypatch, shared):
    monkeypatch.setattr(scenario, "Catalogue", lambda overlay: Catalogue(overlay) if overlay else shared)


@pytest.fixture(scope="module")
def shared():
    return Catalogue()


@pytest.fixture
def built(tmp_path):
    def build(rest: str = "", head: str = HEAD, data: Path | None = None, as_of=DAY, only=None, **tiers: str):
        stated = ", ".join(f"{tier}: {listed}" for tier, listed in {**NONE, **tiers}.items())
        path = tmp_path / "w.yaml"
        path.write_text(f"{head}candidates: {{{stated}}}\n{rest}", encoding="utf-8")
        return load(str(path), data=data, as_of=as_of, only=only, today=DAY)

    return build


def ids(found) -> list[str]:
    return [option.id for option in (*found.options, *(each for group in found.searched for each in group))]


def test_the_day_is_stated_or_the_workloads_or_today(built):
    dated = HEAD + "as_of: 2026-10-01\n"
    assert built(head=dated, as_of=date(2026, 9, 9)).as_of == date(2026, 9, 9)
    assert built(head=dated, as_of=None).as_of == date(2026, 10, 1)
    assert built(as_of=None).as_of == DAY
    assert parse_day("2026-02-28") == date(2026, 2, 28)
    for wrong in ("2026-02-30", "20260228", "", "tomorrow", "2026-2-3x"):
        with pytest.raises(InvalidInputError, match="--as-of: got"):
            parse_day(wrong)


def test_a_model_of_one_provider_and_of_every_provider_of_the_tier(built):
    assert ids(built(api="[openai/gpt-4o-mini]")) == ["openai/gpt-4o-mini"]
    every = built(budget_cloud="[deepseek-v4-flash]")
    assert len(every.options) > 1
    assert {option.tier for option in every.options} == {"budget_cloud"}
    assert len(set(ids(every))) == len(ids(every))


def test_a_candidate_may_state_its_own_price(built):
    price = (
        "{usd_per_mtok: {input: 1, output: 2}, batch_usd_per_mtok: {input: 0.5}, since: 2026-01-01, source: contract}"
    )
    (option,) = built(api=f"[{{model: our-model, price: {price}}}]").options
    assert isinstance(option, TokenOption)
    assert (option.id, option.model) == ("stated/our-model", None)
    assert [(row.when.processing, dict(row.usd_per_mtok)) for row in option.offer.rates] == [
        (None, {"input": 1, "output": 2}),
        ("batch", {"input": 0.5}),
    ]
    assert {row.source for row in option.offer.rates} == {"contract"}
    with pytest.raises(
        InvalidInputError, match=r"api\[0\]: model: got 'Our Model' \(text\); expected an id in lower case"
    ):
        built(api=f"[{{model: Our Model, price: {price}}}]")


def test_own_speeds_of_an_api_replace_the_sheets(built):
    (option,) = built(api="[{model: gpt-4o-mini, provider: openai, output_tok_per_s: 77, ttft: 300 ms}]").options
    assert option.offer.output_tok_per_s.value == 77
    assert option.offer.ttft_s.value == 0.3


def test_an_owned_machine(built):
    (option,) = built(self_hosted="[{model: Qwen/Qwen3-8B, hardware: RTX4090, n_gpus: 2, dtype: bf16}]").options
    assert isinstance(option, MachineOption)
    assert (option.model_id, option.hardware.id, option.n_gpus, option.dtype) == ("qwen3-8b", "rtx-4090", 2, "bf16")
    assert (option.kind, option.rental, option.provider) == ("owned", None, None)
    assert option.measured is not None


def test_an_unstated_dtype_follows_engine_model_and_card(built):
    def dtype(machine: str) -> str:
        (option,) = built(self_hosted=f"[{{{machine}}}]").options
        return option.dtype

    assert dtype("model: qwen3-8b, hardware: rtx-4090") == "fp8"
    assert dtype("model: qwen3-8b, hardware: a100-80gb-sxm") == "bf16"
    assert dtype("model: qwen3-8b, hardware: v100-32gb-pcie") == "fp16"
    assert dtype("model: qwen3-8b, hardware: rtx-4090, engine: llama.cpp") == "q4_k_m"
    assert dtype("model: qwen3-8b, hardware: apple-m2-ultra-76c") == "q4_k_m"
    assert dtype("model: gpt-oss-120b, hardware: h100-sxm") == "mxfp4"


def test_a_rental_is_every_row_in_force_and_a_stated_rent_is_one(built, shared):
    found = built(budget_cloud="[{model: qwen3-8b, hardware: h100-sxm}]")
    (group,) = found.searched
    assert {option.rental.hardware for option in group} == {"h100-sxm"}
    assert {option.rental.plan for option in group} == {"on_demand"}
    assert all(option.rental.since <= DAY for option in group)
    (group,) = built(budget_cloud="[{model: qwen3-8b, hardware: h100-sxm, usd_per_gpu_h: 2.5}]").searched
    assert [float(option.rental.usd_per_gpu_h) for option in group] == [2.5]
    spot = built(budget_cloud="[{model: qwen3-8b, hardware: h100-sxm, plan: spot}]").searched[0]
    assert {option.rental.plan for option in spot} == {"spot"}


def test_a_rent_holds_from_its_day_until_it_is_old(built, tmp_path):
    header = "provider,instance,hardware,n_gpus,region,plan,usd_per_gpu_h,since,source,kind,note\n"
    rows = "".join(
        f"acme,a,jetson-t4000,1,,on_demand,{usd},{since},s,published,\n"
        for usd, since in [(3, "2025-01-01"), (2, "2026-06-01")]
    )
    (tmp_path / "mine" / "pricing").mkdir(parents=True)
    (tmp_path / "mine" / "pricing" / "gpu_rental.csv").write_text(header + rows, encoding="utf-8")

    def rents(day: date, **named: str) -> list[float | None]:
        stated = "".join(f", {key}: {value}" for key, value in named.items())
        machine = f"[{{model: qwen3-8b, hardware: jetson-t4000{stated}}}]"
        found = built("site: {electricity: 0.1}\n", data=tmp_path / "mine", as_of=day, budget_cloud=machine)
        options = [option for group in found.searched for option in group]
        return [None if option.unpriced else float(option.rental.usd_per_gpu_h) for option in options]

    last = timedelta(days=MAX_RENTAL_AGE_DAYS)
    assert rents(date(2024, 12, 31)) == [None], "a row of tomorrow is no price of today"
    assert rents(date(2025, 1, 1)) == [3.0]
    assert rents(date(2026, 6, 1)) == [2.0]
    assert rents(date(2026, 6, 1) + last) == [2.0]
    assert rents(date(2026, 6, 2) + last) == [None]
    assert rents(date(2026, 6, 2) + last, provider="acme") == [2.0], "a named provider may be old"


def test_the_whole_catalogue_of_a_tier(built, shared):
    found = built(api="all")
    assert {option.tier for option in found.options} == {"api"}
    assert {option.id for option in found.options if option.kind == "per_token"} <= {
        f"{offer.provider}/{offer.model}" for offer in shared.offers
    }
    assert not [option for option in found.options if option.kind == "subscription"], "a seat is one person's"
    machines = built(self_hosted="all, models: [qwen3-8b]")
    assert [{option.model_id for option in group} for group in machines.searched] == [{"qwen3-8b"}]
    assert len(machines.searched[0]) > 20
    assert {option.hardware.status for option in machines.searched[0]} == {"shipping"}


def test_what_a_tier_of_all_leaves_out_is_named_with_its_reason(built, shared):
    left_out = dict(built(api="all").left_out)
    seats = {f"{each.provider}/{name}" for name, each in shared.plans.items() if each.kind_of_offer == "subscription"}
    assert seats <= left_out.keys()
    gone = [each for each in shared.offers if each.tier == "api" and each.retired and each.retired <= DAY]
    speech = [each for each in shared.offers if each.tier == "api" and each.modality == "speech"]
    assert {f"{each.provider}/{each.model}" for each in (*gone, *speech)} | seats == left_out.keys()
    assert gone
    assert all(left_out[f"{each.provider}/{each.model}"].startswith("the offer ended on") for each in gone)

    found = built(self_hosted="all, models: [qwen3-8b]")
    taken = {option.hardware.id for option in found.searched[0]}
    assert taken | {name.removeprefix("own:") for name, _ in found.left_out} == set(shared.all_hardware)
    assert not taken & {name.removeprefix("own:") for name, _ in found.left_out}

    found = built(budget_cloud="all, models: [qwen3-8b]")
    old = [name for name, why in found.left_out if "days old" in why]
    assert any(warning.startswith(f"{len(old)} rental row") for warning in found.warnings)
    assert built(api="[openai/gpt-4o-mini]").left_out == ()


def test_models_left_out_under_a_floor_are_named(built, shared):
    floor = "quality: {floor: {gpqa_diamond: 10}}\n"
    found = built(floor, self_hosted="all")
    compared = {group[0].model_id for group in found.searched}
    left_out = {name for name, _ in found.left_out if not name.startswith("own:")}
    assert compared | left_out == {each.id for each in shared.all_models.values() if each.weights == "open"}


def test_an_old_tariff_and_a_doubtful_rate_are_warned_about(built):
    tariff = "site: {electricity: {country: DE, sector: non-household, band: IB}}\n"
    found = built(tariff).warnings
    age = (DAY - date(2024, 7, 1)).days
    assert any(f"(DE, national, non-household IB) is of 2024-07-01, {age} days old, over 400" in each for each in found)
    assert any("USD/EUR of 2026-01-01 is assumed and 325 days old, over 45" in each for each in found)
    assert any("USD/EUR of" in each for each in built("currency: EUR\n").warnings)
    stated = "site: {electricity: {value: 0.11, source: our bill, as_of: 2025-10-1%d, kind: measured}}\n"
    assert built(stated % 8).warnings == (), "400 days old"
    assert any("(our bill) is of 2025-10-17, 401 days old" in each for each in built(stated % 7).warnings)


RULE = "constraints: {residency: [eu]}\n"


@pytest.mark.parametrize(
    ("site", "own", "asked"),
    [
        ("", "[{model: qwen3-8b, hardware: l4}]", True),
        ("site: {electricity: 0.1}\n", "[{model: qwen3-8b, hardware: l4}]", True),
        ("", "all", True),
        ("", "[]", False),
        ("site: {country: DE}\n", "[{model: qwen3-8b, hardware: l4}]", False),
        ("site: {electricity: {country: US}}\n", "[{model: qwen3-8b, hardware: l4}]", False),
    ],
)
def test_under_a_residency_rule_the_site_is_stated(built, site, own, asked):
    if not asked:
        built(RULE + site, self_hosted=own)
        return
    with pytest.raises(InvalidInputError) as caught:
        built(RULE + site, self_hosted=own)
    (problem,) = caught.value.problems
    assert problem.field == "constraints.residency"
    assert problem.message == "residency is required: state site.country, where own machines stand"
    assert built(RULE + site, self_hosted=own, only="api").options == ()


def test_one_tier_only(built):
    tiers = {"api": "[openai/gpt-4o-mini]", "self_hosted": "[{model: qwen3-8b, hardware: rtx-4090}]"}
    assert ids(built(**tiers, only="api")) == ["openai/gpt-4o-mini"]
    assert built(**tiers, only="api").tiers == ("api",)
    assert built(**tiers).tiers == ("api", "self_hosted")
    assert [option.tier for option in built(**tiers, only="self_hosted").options] == ["self_hosted"]


def test_local_only_leaves_no_other_tier(built, tmp_path):
    path = tmp_path / "local.yaml"
    path.write_text(HEAD + "constraints: {local_only: true}\ncandidates: {models: [qwen3-8b]}\n", encoding="utf-8")
    assert {option.split(":")[0] for option in ids(load(str(path), today=DAY))} == {"own"}


def test_the_tariff_of_a_place_in_dollars_of_the_day(built, tmp_path):
    header = "country,region,sector,band,price_per_kwh,currency,as_of,source,kind,note\n"
    rows = "".join(
        f"QQ,north,commercial,,{price},QQD,{since},meter,measured,\n"
        for price, since in [(0.20, "2026-01-01"), (0.30, "2026-07-01")]
    )
    fx = "currency,usd_per_unit,since,source,kind,note\n"
    fx += "QQD,2.0,2026-01-01,bank,published,\nQQD,3.0,2026-08-01,bank,published,\n"
    (tmp_path / "mine" / "pricing").mkdir(parents=True)
    (tmp_path / "mine" / "pricing" / "electricity.csv").write_text(header + rows, encoding="utf-8")
    (tmp_path / "mine" / "pricing" / "fx.csv").write_text(fx, encoding="utf-8")

    def tariff(day: date):
        return built("site: {electricity: {country: qq}}\n", data=tmp_path / "mine", as_of=day).electricity

    assert tariff(date(2026, 6, 30)).value == pytest.approx(0.20 * 2)
    assert tariff(date(2026, 7, 1)).value == pytest.approx(0.30 * 2)
    found = tariff(date(2026, 8, 1))
    assert found.value == pytest.approx(0.30 * 3)
    assert (found.unit, found.kind) == ("USD/kWh", "measured")
    assert "meter" in found.source
    assert "3 USD/QQD of 2026-08-01 (published: bank)" in found.source
    early = tariff(date(2025, 12, 31))
    assert early.value == pytest.approx(0.20 * 2)
    assert early.note.endswith("later than 2025-12-31: the first known")


def test_a_stated_tariff_is_used_as_it_is(built):
    found = built(
        "site: {electricity: {value: 0.11, source: our bill, as_of: 2026-05-01, kind: measured}}\n"
    ).electricity
    assert (found.value, found.source, found.kind) == (0.11, "our bill", "measured")


def test_a_figure_of_the_facility_table_by_its_id(built, shared):
    row = next(row for row in shared.facility.values() if row.figure().unit == "ratio")
    pue = built(f"site: {{pue: {row.id}}}\n").workload.site.pue
    assert pue.value == row.figure().value
    assert pue.source == row.figure().source


def test_an_escalation_names_an_offer(built):
    found = built("quality: {escalation: {self_hosted: {frac: 0.1, to: openai/gpt-4o}}}\n")
    assert found.escalation["self_hosted"].model_id == "gpt-4o"


def test_names_are_checked_in_what_is_left_of_a_broken_file(built):
    with pytest.raises(InvalidInputError) as caught:
        built("site: {pue: 0.5, electricity: {country: ZZ}}\n", api="[5, openai/gpt-4o-mimi]", models="[nobody]")
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["candidates.api[0]", "candidates.api[1]", "candidates.models[0]", "site.pue"]


def test_a_name_of_a_seller_nobody_knows_has_a_suggestion(built):
    with pytest.raises(InvalidInputError, match="no provider 'runpd'; did you mean 'runpod'"):
        built(budget_cloud="[{model: qwen3-8b, hardware: h100-sxm, provider: runpd}]")
    with pytest.raises(
        InvalidInputError, match="no on_demand rental of h100-sxm by anthropic on 2026-11-22; it is offered"
    ):
        built(budget_cloud="[{model: qwen3-8b, hardware: h100-sxm, provider: anthropic}]")


def test_a_plan_is_named_with_or_without_its_provider(built):
    assert ids(built(api="[{plan: intercom/fin}]")) == ids(built(api="[{plan: fin}]")) == ["intercom/fin"]
    for name, guess in (("intercom/finn", "intercom/fin"), ("finn", "fin"), ("zendesk/fin", "intercom/fin")):
        with pytest.raises(InvalidInputError, match=f"no plan '{name}'; did you mean .*'{guess}'"):
            built(api=f"[{{plan: {name}}}]")
