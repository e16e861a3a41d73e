"""The file ``tco init`` writes: every key is read, every comment is in place, nothing half written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tco.describe.record import Figure
from tco.describe.workload import Tariff, Workload
from tco.errors import InvalidInputError, UsageError
from tco.files.marks import read, validate
from tco.files.template import Answers, write

GOOD = {"name": "bot", "requests": "2 /s", "input_tok": 900, "output_tok": 100, "model": "qwen3-8b"}


def written(path: Path, *, force: bool = False, **changed) -> Workload:
    write(path, Answers(**{**GOOD, "interactive": True, **changed}), force=force)
    return validate(read(path), Workload)


def test_what_is_asked_is_what_is_written(tmp_path):
    workload = written(tmp_path / "w.yaml")
    assert (workload.name, workload.candidates.models) == ("bot", ("qwen3-8b",))
    assert workload.demand.requests.value == 2 * 2_628_000
    assert (workload.tokens.input.value, workload.tokens.output.value) == (900, 100)
    assert workload.slo.ttft_p95 is not None
    assert workload.batch_frac.value == 0


def test_where_nobody_waits_there_is_no_limit_and_no_peak(tmp_path):
    workload = written(tmp_path / "w.yaml", interactive=False)
    assert workload.slo.ttft_p95 is None
    assert (workload.batch_frac.value, workload.demand.peak_to_mean.value) == (1, 1)


def test_further_answers_are_written(tmp_path):
    workload = written(
        tmp_path / "w.yaml", cached_frac=0.4, ttft="900 ms", itl="", residency="EU, us", country="de",
        floor="gpqa-diamond:60",
    )  # fmt: skip
    assert workload.tokens.cached_input_frac.value == 0.4
    assert workload.slo.ttft_p95 is not None
    assert (workload.slo.ttft_p95.value, workload.slo.itl_p95) == (0.9, None)
    assert workload.constraints.residency == ("eu", "us")
    assert workload.quality.floor == {"gpqa_diamond": 60}
    assert workload.site.country == "DE"
    assert workload.site.electricity == Tariff(country="DE", region="national", sector="non-household", band="IB")


def test_a_country_without_a_tariff_keeps_the_default_tariff(tmp_path):
    site = written(tmp_path / "w.yaml", country="ZZ").site
    assert site.country == "ZZ"
    assert "electricity" not in site.model_fields_set


def test_assumptions_stay_assumptions_with_their_range(tmp_path):
    workload = written(tmp_path / "w.yaml")
    assert workload.model_fields_set & {"site", "trends"} == set()
    assert workload.finance.model_fields_set == {"method", "redundancy"}
    assert workload.demand.model_fields_set == {"requests"}
    assert workload.finance.wacc_frac.source.startswith("default:")
    text = (tmp_path / "w.yaml").read_text(encoding="utf-8")
    stated = re.sub(r"(?m)^(  )?# (?=\w+:)", r"\1", text)
    (tmp_path / "all.yaml").write_text(stated, encoding="utf-8")
    shown = validate(read(tmp_path / "all.yaml"), Workload)
    for section in ("demand", "site", "finance"):
        for name, figure in getattr(workload, section):
            if isinstance(figure, Figure):
                other = getattr(getattr(shown, section), name)
                assert (other.value, other.low, other.high) == (figure.value, figure.low, figure.high), name
    assert shown.site.model_fields_set >= {"electricity", "pue", "staff_fte", "usd_per_fte_month"}


def test_an_alias_is_written_as_its_id(tmp_path):
    assert written(tmp_path / "w.yaml", model="Qwen/Qwen3-8B").candidates.models == ("qwen3-8b",)


@pytest.mark.parametrize("name", ['a "b"', "a: b # c", "{x}", "é ü 漢", "null", "1e6", "\\", "- a", "*a"])
def test_any_name_is_kept(tmp_path, name):
    assert written(tmp_path / "w.yaml", name=name).name == name


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"requests": "0 /s"}, InvalidInputError),
        ({"requests": "2 USD"}, InvalidInputError),
        ({"name": "x" * 81}, InvalidInputError),
        ({"name": "a\nb\0"}, InvalidInputError),
        ({"input_tok": -1}, InvalidInputError),
        ({"model": "nobody"}, InvalidInputError),
        ({"floor": "nobody:60"}, InvalidInputError),
        ({"floor": "gpqa-diamond"}, InvalidInputError),
        ({"floor": "gpqa-diamond:high"}, InvalidInputError),
        ({"residency": "eu"}, UsageError),
        ({"country": "Germany"}, InvalidInputError),
        ({"ttft": "1 USD"}, InvalidInputError),
        ({"cached_frac": 1.5}, InvalidInputError),
    ],
)
def test_a_bad_answer_leaves_nothing(tmp_path, changed, error):
    with pytest.raises(error):
        written(tmp_path / "w.yaml", **changed)
    assert list(tmp_path.iterdir()) == []


def test_force_replaces_and_its_absence_does_not(tmp_path):
    path = tmp_path / "w.yaml"
    written(path)
    with pytest.raises(InvalidInputError, match="exists; name another file, or add --force"):
        written(path, name="other")
    assert written(path, name="other", force=True).name == "other"
    with pytest.raises(InvalidInputError):
        written(path, requests="?", force=True)
    assert validate(read(path), Workload).name == "other"
    assert list(tmp_path.iterdir()) == [path]
