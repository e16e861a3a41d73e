"""Sources as people name them, and files as they come; the network's bad days are in tests/faults."""

from __future__ import annotations

import gzip
import json
from hashlib import sha256

import pytest

from tco.errors import MissingDataError, UsageError
from tco.sheets.fetch import fetch
from tco.sheets.origin import Origin, parse_origin, sniffed
from tests.sheetkit import litellm, litellm_wheel

HASH = "a" * 64


def quiet(text, **stated):
    return fetch(parse_origin(str(text)), say=lambda _: None, **stated)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("litellm", ("litellm", None, None, None)),
        ("genai-prices@0.2.3", ("genai-prices", None, "0.2.3", None)),
        (f"litellm@1.109.1#sha256={HASH.upper()}", ("litellm", None, "1.109.1", HASH)),
        ("litellm=a.json", ("litellm", "a.json", None, None)),
        ("litellm@1.2.3=a.json", ("litellm", "a.json", "1.2.3", None)),
        ("models.dev", ("models.dev", None, None, None)),
        ("openrouter=https://x.test/y?a=b", ("openrouter", "https://x.test/y?a=b", None, None)),
        ("https://x.test/api.json", (None, "https://x.test/api.json", None, None)),
        ("file:///tmp/x.json", (None, "file:///tmp/x.json", None, None)),
        ("some/file.json", (None, "some/file.json", None, None)),
    ],
)
def test_origins(text, expected):
    kind, place, version, digest = expected
    assert parse_origin(text) == Origin(text, kind, place, version, digest)


@pytest.mark.parametrize("text", ["litelm", "litellm@", "openrouter@1", "litellm#sha256=12", "ftp://x.test/a", ""])
def test_no_origin(text):
    with pytest.raises((UsageError, MissingDataError)) as caught:
        quiet(text)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ([{"id": "x", "models": []}], "genai-prices"),
        ({"providers": [{"id": "x", "models": []}]}, "genai-prices"),
        ({"data": [{"id": "x", "pricing": {}}]}, "openrouter"),
        ({"spec": {"litellm_provider": "x"}}, "litellm"),
        ({"acme": {"id": "acme", "models": {"m": {}}}}, "models.dev"),
    ],
)
def test_whose_data_it_is(data, kind):
    assert sniffed(data, "x") == kind


@pytest.mark.parametrize("data", [{}, [], [1], {"a": 1}, "text", 3, None, {"data": []}])
def test_nobodys_data(data):
    with pytest.raises(MissingDataError, match="none of the known sources"):
        sniffed(data, "here.json")


def test_a_file_packed_or_not(tmp_path):
    (tmp_path / "a.json").write_bytes(litellm(3))
    (tmp_path / "b.json").write_bytes(gzip.compress(litellm(3)))
    plain, packed = quiet(tmp_path / "a.json"), quiet((tmp_path / "b.json").as_uri())
    assert plain.data == packed.data == litellm(3)
    assert plain.kind == packed.kind == "litellm"
    assert plain.sha256 == plain.data_sha256 == packed.data_sha256 == sha256(litellm(3)).hexdigest()
    assert packed.sha256 != packed.data_sha256
    assert plain.version == f"sha256:{plain.sha256[:12]}"


def test_a_wheel(tmp_path):
    found = quiet(litellm_wheel(tmp_path, litellm(3)))
    assert (found.kind, found.version, found.data) == ("litellm", "1.2.3", litellm(3))


def test_a_module_of_genai_prices_is_text(tmp_path):
    (tmp_path / "data.py").write_text('"""Data."""\nimport os\nos._exit(3)\nproviders: list = []\n', encoding="utf-8")
    assert quiet(f"genai-prices={tmp_path / 'data.py'}").kind == "genai-prices"
    assert quiet(str(tmp_path / "data.py")).kind == "genai-prices"


@pytest.mark.parametrize("name", ["none.json", "."])
def test_no_such_file(tmp_path, name):
    with pytest.raises(MissingDataError, match="name a file that can be read"):
        quiet(f"litellm={tmp_path / name}")


@pytest.mark.parametrize("text", ["{", '{"a": "b', '{"a": 1,}', "[" * 100_000, '{"a": \x00}'])
def test_not_json(tmp_path, text):
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(MissingDataError, match=r"cut short|not JSON"):
        quiet(f"litellm={tmp_path / 'x.json'}")


def test_the_shared_snapshots_are_recognised(shared_data):
    for name, kind in (
        ("genai_prices_0.2.3_export.json", "genai-prices"),
        ("litellm_model_prices_1.109.1.json", "litellm"),
        ("models_dev_api_reconstructed.json", "models.dev"),
        ("openrouter_models_api_2026-08-22.json", "openrouter"),
    ):
        assert sniffed(json.loads((shared_data / "prices" / name).read_bytes()), name) == kind
