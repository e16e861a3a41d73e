"""The real llama.cpp server on a tiny random model: what it counts is what is reported."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests import llama_server
from tests.unit.bench_endpoint.kit import measured

MISSING = [name for name in ("xllamacpp", "gguf") if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (extra `dev`)")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory):
    with llama_server.running(tmp_path_factory.mktemp("llama")) as address:
        yield address


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_token_counts_are_exact(url: str, api: str) -> None:
    found = measured(url, api=api, concurrency="1,4", n_requests=12, input_tok=200, output_tok=24)
    assert found.failure == ""
    assert found.probed.dialect.has_ignore_eos
    assert found.probed.tells_usage
    for level in found.levels:
        assert level.stats.failures == {}
        assert [sample.n_tok for sample in level.samples] == [24] * 12
        assert all(sample.n_chunks <= 24 for sample in level.samples)  # a piece of a letter is held back
        assert all(abs(sample.prompt_tok - 200) <= 25 for sample in level.samples if sample.prompt_tok)
        assert not level.stats.is_estimated
    assert found.cached_frac is not None
    assert found.cached_frac < 0.01


def test_the_server_counts_prompts_as_the_probe_did(url: str) -> None:
    found = measured(url, concurrency="1", n_requests=6, input_tok=400, output_tok=4)
    assert found.levels[0].stats.input_tok == pytest.approx(400, rel=0.05)


def test_a_prompt_longer_than_the_context_is_an_error_by_name(url: str) -> None:
    found = measured(url, concurrency="1", n_requests=3, input_tok=llama_server.N_CONTEXT * 2, output_tok=4)
    assert found.failure == "no request was answered"
    assert set(found.levels[0].stats.failures) <= {"http_400", "http_500", "error_in_stream"}


def test_the_fixture_serves_a_model_of_its_own(tmp_path: Path) -> None:
    llama_server.make_model(tmp_path / "x.gguf")
    assert (tmp_path / "x.gguf").stat().st_size < 3_000_000
