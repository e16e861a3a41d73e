"""The model profiles: they load, resolve by one name each, and their shapes give the published sizes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tco.describe.model import Model, Shape

FOLDER = Path(__file__).resolve().parents[2] / "model_profiles"

# systems.md, section 2, rows 20 to 34, and the spelling of the model column of the measurements.
NAMED = (
    *("Qwen3-8B", "DeepSeek-R1-0528-Qwen3-8B", "r1-distill-qwen-1.5b", "r1-distill-qwen-7b", "r1-distill-llama-8b"),
    *("r1-distill-qwen-14b", "r1-distill-qwen-32b", "r1-distill-llama-70b", "DeepSeek-R1-Distill-Llama-70B"),
    *("Qwen3-235B", "Qwen3-235B-Thinking", "Qwen3-235B-A22B", "Huginn-0125", "s1-32B", "t5-770m", "palm-540b"),
    *("generic-7b", "generic-32b", "generic-50b", "generic-70b", "generic-100b", "gpt-3.5-175b", "gpt-4-1.8t-moe"),
    *("Llama 3.1 8B", "Llama 3.1 70B", "Llama 3.1 405B", "Llama-3-70B-Instruct", "Phi-3-mini", "CodeLlama"),
    *("Mythomax", "GLM-5", "Kani-TTS-2", "verifier", "process-reward-model"),
    *("Llama 2 7B", "Llama 2 13B", "Llama 2 70B", "Gemma 2 2B", "Gemma 2 9B", "Gemma 2 27B", "GPT-J 6B"),
    *("DeepSeek-R1/V3", "Qwen3 32B", "Qwen3 235B-A22B", "gpt-oss-120b", "Mixtral 8x7B", "Llama 4 Maverick"),
    *("claude-opus-4.6", "claude-sonnet-4.6", "claude-haiku-3", "claude-haiku-3.5", "gpt-4o", "gpt-4o-mini"),
    *("gpt-5.2", "o1", "o1-preview", "o1-mini", "o3", "gemini-2.5-flash", "gemini-1.5-pro", "gemini-ultra"),
    *("deepseek-v4-flash", "deepseek-v4-pro", "qwen3.5-397b-a17b", "meta-llama/Llama-3.1-8B-Instruct"),
)


def _tuples(raw: Any) -> Any:
    if isinstance(raw, list):
        return tuple(_tuples(part) for part in raw)
    return {key: _tuples(part) for key, part in raw.items()} if isinstance(raw, dict) else raw


@cache
def models() -> dict[str, Model]:
    """All profiles by file stem."""
    loaded = ((path.stem, yaml.load(path.read_bytes(), yaml.CSafeLoader)) for path in sorted(FOLDER.glob("*.yaml")))
    return {stem: Model.model_validate(_tuples(raw)) for stem, raw in loaded}


@cache
def by_name() -> dict[str, str]:
    """Every id and alias, lower case, to its id; fails when two models share one."""
    found: dict[str, str] = {}
    for model in models().values():
        for name in (model.id, *model.aliases):
            assert name.lower() not in found, f"{name}: {model.id} and {found[name.lower()]}"
            found[name.lower()] = model.id
    return found


def resolve(name: str) -> Model:
    return models()[by_name()[name.lower()]]


def attention_params(shape: Shape) -> int:
    """Attention weights of a layer; performance.md section 2."""
    d, h = shape.hidden, shape.n_heads
    if shape.mla is None:
        return d * (h + 2 * shape.n_kv_heads) * shape.head_dim + h * shape.head_dim * d
    m = shape.mla
    query = d * m.q_lora + m.q_lora * h * (m.nope_dim + m.rope_dim)
    return query + d * (m.kv_lora + m.rope_dim) + m.kv_lora * h * (m.nope_dim + m.v_dim) + h * m.v_dim * d


def params_b(shape: Shape, *, active: bool = False) -> float:
    """Parameters in 1e9 from the dimensions; ``active`` counts the routed experts and one embedding."""
    n_matrices = 3 if shape.gated_ffn else 2
    n_dense = shape.n_layers if shape.moe is None else shape.moe.n_dense_layers
    total = shape.n_layers * attention_params(shape) + n_dense * n_matrices * shape.hidden * shape.ffn
    if shape.moe is not None:
        n_experts = shape.moe.n_active if active else shape.moe.n_experts
        width = n_experts * shape.moe.ffn + shape.moe.shared_ffn
        total += (shape.n_layers - n_dense) * n_matrices * shape.hidden * width
    n_embeddings = 1 if active or shape.tied_embeddings else 2
    return (total + n_embeddings * shape.vocab * shape.hidden) / 1e9


def kv_bytes_per_tok(shape: Shape, *, bytes_per_element: float) -> float:
    """KV cache of a token, all layers full length; performance.md section 2."""
    if shape.mla is not None:
        return shape.n_layers * (shape.mla.kv_lora + shape.mla.rope_dim) * bytes_per_element
    n_layers = shape.n_layers * shape.full_attention_layer_frac
    return 2 * n_layers * shape.n_kv_heads * shape.head_dim * bytes_per_element


SHAPED = sorted(name for name, model in models().items() if model.shape is not None)


def test_there_is_one_profile_a_file_named_by_its_id() -> None:
    assert len(models()) >= 40
    assert all(stem == model.id for stem, model in models().items())


def test_ids_and_aliases_are_unique_and_lower_case() -> None:
    assert len(by_name()) > len(models())
    assert all(alias == alias.lower() for model in models().values() for alias in model.aliases)


@pytest.mark.parametrize("name", NAMED)
def test_a_named_system_resolves(name: str) -> None:
    assert resolve(name).id in models()


@pytest.mark.parametrize("name", ["claude-haiku", "claude haiku", "llama", "qwen", "gemini-pro", "deepseek-reasoner"])
def test_an_ambiguous_name_does_not_resolve(name: str) -> None:
    assert name not in by_name()


def test_hugging_face_ids_resolve_to_their_model() -> None:
    for model in models().values():
        assert not model.hf_id or resolve(model.hf_id).id == model.id


@pytest.mark.parametrize("name", SHAPED)
def test_the_shape_gives_the_published_size(name: str) -> None:
    model = models()[name]
    assert model.shape is not None
    assert model.params_total_b is not None
    assert params_b(model.shape) == pytest.approx(model.params_total_b.value, rel=0.04)


@pytest.mark.parametrize("name", SHAPED)
def test_the_shape_is_consistent(name: str) -> None:
    shape = models()[name].shape
    assert shape is not None
    assert shape.n_heads % shape.n_kv_heads == 0 or name == "falcon-7b"
    assert (shape.ffn > 0) == (shape.moe is None or shape.moe.n_dense_layers > 0)
    assert (shape.sliding_window_tok > 0) == (shape.sliding_layer_frac > 0)
    assert params_b(shape, active=True) <= params_b(shape)


def test_every_open_profile_states_its_size_unless_it_is_a_stub() -> None:
    sizeless = {m.id for m in models().values() if m.weights == "open" and m.params_total_b is None}
    assert sizeless == {"codellama", "mythomax-13b"}
    assert all(models()[name].status == "stub" for name in sizeless)


def test_every_figure_has_its_provenance() -> None:
    for model in models().values():
        for figure in (model.params_total_b, model.params_active_b):
            assert figure is None or (figure.source and figure.as_of)


@pytest.mark.parametrize(
    ("name", "kv_bytes"),
    [
        ("qwen3-8b", 147_456),  # 2 * 36 * 8 * 128 * 2
        ("llama-3.1-70b", 327_680),
        ("qwen3-32b", 262_144),
        ("deepseek-r1", 70_272),  # 61 * (512 + 64) * 2
        ("glm-5", 89_856),
        ("qwen3.5-397b-a17b", 30_720),  # a quarter of 60 layers keeps a cache
        ("gpt-oss-120b", 73_728),
    ],
)
def test_kv_cache_of_a_token_in_16_bit(name: str, kv_bytes: float) -> None:
    shape = models()[name].shape
    assert shape is not None
    assert kv_bytes_per_tok(shape, bytes_per_element=2) == kv_bytes


@pytest.mark.parametrize(
    ("name", "total_b", "active_b"),
    [
        ("qwen3-8b", 8.19, 8.19),
        ("qwen3-235b-a22b", 235, 22),
        ("deepseek-r1", 671, 37),
        ("deepseek-v4-flash", 284, 13),
        ("deepseek-v4-pro", 1600, 49),
        ("qwen3.5-397b-a17b", 397, 17),
        ("gpt-4-1.8t-moe", 1800, 280),
        ("gpt-3.5-175b", 175, 175),
        ("generic-7b", 7, 7),
        ("generic-100b", 100, 100),
        ("phi-3-mini", 3.8, 3.8),
    ],
)
def test_sizes_that_the_cost_arguments_use(name: str, total_b: float, active_b: float) -> None:
    model = models()[name]
    assert model.params_total_b is not None
    assert model.params_active_b is not None
    assert (model.params_total_b.value, model.params_active_b.value) == (total_b, active_b)


def test_ten_generic_7b_calls_tie_with_one_70b_call() -> None:
    small, large = models()["generic-7b"].params_active_b, models()["generic-70b"].params_active_b
    assert small is not None
    assert large is not None
    assert 10 * 2 * small.value == 2 * large.value == 140


def test_huginn_computes_50b_and_stores_3_5b() -> None:
    model = models()["huginn-0125-3.5b"]
    assert model.recurrence is not None
    assert model.params_total_b is not None
    assert model.params_active_b is not None
    materialised = model.recurrence.core_params_b * model.recurrence.n_steps + model.recurrence.fixed_params_b
    assert materialised == model.params_active_b.value == 50
    assert model.params_total_b.value * 2 == 7  # GB in bf16


def test_speech_has_a_real_time_factor_and_text_has_none() -> None:
    assert {m.id for m in models().values() if m.modality == "speech"} == {"kani-tts-2"}
    assert models()["kani-tts-2"].audio_real_time_factor == 0.2
    assert all(m.audio_real_time_factor is None for m in models().values() if m.modality != "speech")


def test_rumours_say_so() -> None:
    assert {m.id for m in models().values() if m.kind == "rumoured"} == {
        "gpt-3.5-175b",
        "gpt-4-1.8t-moe",
        "deepseek-v4",
    }


@pytest.mark.parametrize("name", ["llama-3.1-8b", "qwen3-8b"])
def test_a_published_checkpoint_is_two_bytes_a_parameter(name: str) -> None:
    model = models()[name]
    assert model.params_total_b is not None
    assert model.checkpoint_gb["bf16"] == pytest.approx(2 * model.params_total_b.value, rel=0.01)
