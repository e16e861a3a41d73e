"""The real llama.cpp server on a tiny model of random weights, made here: exact token counts, nothing to download.

``python -m tests.llama_server FOLDER`` writes the model there, serves it with one thread on a free port and prints the
address. Needs the packages ``xllamacpp`` and ``gguf``.
"""

from __future__ import annotations

import itertools
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

N_LAYERS, N_EMBD, N_HEADS, N_KV_HEADS, N_FF = 2, 128, 4, 2, 384
N_VOCAB, N_CONTEXT, N_SLOTS = 768, 4096, 4
START_S = 60.0


def vocabulary() -> tuple[list[bytes], list[int], list[float]]:
    """Tokens, kinds and scores: the 256 bytes, letters with and without a leading space, pairs of letters."""
    import gguf

    kind = gguf.TokenType
    fixed = [(b"<unk>", kind.UNKNOWN), (b"<s>", kind.CONTROL), (b"</s>", kind.CONTROL)]
    fixed += [(f"<0x{i:02X}>".encode(), kind.BYTE) for i in range(256)]
    letters = [*string.ascii_letters, *string.digits, *string.punctuation]
    words = ["\u2581", *letters, *("\u2581" + letter for letter in string.ascii_lowercase)]
    words += ["".join(pair) for pair in itertools.product(string.ascii_lowercase, repeat=2)]
    words = words[: N_VOCAB - len(fixed)]
    tokens = [text for text, _ in fixed] + [word.encode() for word in words]
    kinds = [int(each) for _, each in fixed] + [int(kind.NORMAL)] * len(words)
    return tokens, kinds, [0.0] * len(fixed) + [-float(i) for i in range(len(words))]


def make_model(path: Path) -> None:
    """A Llama of random half-precision weights with a SentencePiece vocabulary."""
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("random")
    writer.add_block_count(N_LAYERS)
    writer.add_context_length(N_CONTEXT)
    writer.add_embedding_length(N_EMBD)
    writer.add_feed_forward_length(N_FF)
    writer.add_head_count(N_HEADS)
    writer.add_head_count_kv(N_KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(N_EMBD // N_HEADS)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    tokens, kinds, scores = vocabulary()
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    _add_weights(writer, len(tokens))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_weights(writer: Any, n_vocab: int) -> None:
    rng = np.random.default_rng(0)
    kv = N_KV_HEADS * N_EMBD // N_HEADS
    shapes = {
        "attn_q": (N_EMBD, N_EMBD), "attn_k": (kv, N_EMBD), "attn_v": (kv, N_EMBD), "attn_output": (N_EMBD, N_EMBD),
        "ffn_gate": (N_FF, N_EMBD), "ffn_up": (N_FF, N_EMBD), "ffn_down": (N_EMBD, N_FF),
    }  # fmt: skip
    named = {"token_embd": (n_vocab, N_EMBD), "output": (n_vocab, N_EMBD)}
    named |= {f"blk.{i}.{name}": shape for i in range(N_LAYERS) for name, shape in shapes.items()}
    for name, shape in named.items():
        weights = rng.standard_normal(shape, dtype=np.float32) * 0.02
        writer.add_tensor(f"{name}.weight", weights.astype(np.float16))
    for name in ("output_norm", *(f"blk.{i}.{part}_norm" for i in range(N_LAYERS) for part in ("attn", "ffn"))):
        writer.add_tensor(f"{name}.weight", np.ones(N_EMBD, np.float32))


def serve(folder: Path) -> None:
    """Serve until the standard input is closed."""
    import xllamacpp

    path = folder / "random.gguf"
    if not path.exists():
        make_model(path)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx, parameters.n_parallel = N_CONTEXT, N_SLOTS
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1  # more collapse on a busy machine
    server = xllamacpp.Server(parameters)
    sys.stdout.write(f"ready {server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of a server in a process of its own, which ends with the block."""
    command = [sys.executable, "-m", "tests.llama_server", str(folder)]
    root = Path(__file__).resolve().parents[1]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    try:
        yield _address(server, folder)
    finally:
        server.kill()
        server.communicate()


def _address(server: subprocess.Popen[bytes], folder: Path) -> str:
    assert server.stdout is not None
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        line = server.stdout.readline().decode()
        if line.startswith("ready "):
            return line.removeprefix("ready ").strip()
        if not line and server.poll() is not None:
            break
    raise AssertionError(f"the server did not start: {(folder / 'server.log').read_text(errors='replace')[-2000:]}")


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
