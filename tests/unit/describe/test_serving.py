from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tco.describe.candidates import MachineCandidate
from tco.describe.serving import Draft, Serving, Split


def a_candidate(**changes: Any) -> MachineCandidate:
    return MachineCandidate.model_validate({"model": "m", "hardware": "h", **changes})


def test_gpus_and_groups_of_a_split() -> None:
    wide = Split(tensor=2, pipeline=2, experts=8)
    assert (wide.n_gpus, wide.n_groups) == (16, 4)
    narrow = Split(tensor=8, experts=2)
    assert (narrow.n_gpus, narrow.n_groups) == (8, 1)
    with pytest.raises(ValidationError, match="expected one to divide the other"):
        Split(tensor=3, experts=8)


def test_an_acceptance_must_be_stated() -> None:
    with pytest.raises(ValidationError, match="acceptance"):
        Draft.model_validate({"model": "mtp", "tokens": 2})
    with pytest.raises(ValidationError, match="acceptance"):
        Draft.model_validate({"model": "mtp", "tokens": 2, "acceptance": 1.5})


POOLS = {"link": 50}
SPEED = {"decode_tok_per_s": 100}
MTP = {"model": "mtp", "tokens": 1, "acceptance": 0.8}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"n_gpus": 8, "split": {"tensor": 4}}, "drop n_gpus"),
        ({"n_gpus": 2, "pools": POOLS}, "pools beside n_gpus"),
        ({"split": {"tensor": 4}, "pools": POOLS}, "pools beside n_gpus or split"),
        ({"throughput": SPEED, "draft": MTP}, "has them in it"),
        ({"throughput": SPEED, "offload": {"memory": 64, "bandwidth": 90}}, "has them in it"),
        ({"throughput": SPEED, "pools": POOLS}, "has them in it"),
    ],
)
def test_contradictions_are_refused(stated: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        a_candidate(**stated)


def test_what_agrees_is_taken() -> None:
    assert a_candidate(n_gpus=4, split={"tensor": 4}).split is not None
    assert a_candidate(throughput=SPEED, split={"tensor": 4}).throughput is not None
    assert a_candidate(offload={"memory": "0.5 TB", "bandwidth": 90}).offload is not None


def test_the_label_names_each_way_of_serving() -> None:
    held = a_candidate(draft=MTP, offload={"memory": 64, "bandwidth": 90})
    assert Serving(draft=held.draft, offload=held.offload).label == "+mtpx1+offload"
    assert Serving(pools=a_candidate(pools=POOLS).pools).label == "+1x1:1x1"
