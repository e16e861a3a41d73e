"""``tco bench endpoint``: load on a running server, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco.cli.options import DataDir, JsonFlag

Word = str | None
Count = int | None
File = Path | None
POSITIVE = 1e-3


def endpoint(
    url: Annotated[str, typer.Argument(help="http(s)://HOST:PORT of an OpenAI-compatible server.")],
    workload: Annotated[Word, typer.Option("--workload", help="Workload that gives lengths and limits.")] = None,
    input_tok: Annotated[Count, typer.Option("--input", min=1, help="Prompt tokens; 512.")] = None,
    output_tok: Annotated[Count, typer.Option("--output", min=1, help="Answer tokens; 128.")] = None,
    concurrency: Annotated[Word, typer.Option("--concurrency", help="Requests in flight: 1,8,64.")] = None,
    rate: Annotated[Word, typer.Option("--rate", help="Requests per second, whatever the server does: 0.5,2.")] = None,
    arrivals: Annotated[Word, typer.Option("--arrivals", help="Of a rate: constant, poisson, gamma; poisson.")] = None,
    burstiness: Annotated[
        float | None, typer.Option("--burstiness", min=POSITIVE, help="Shape of gamma gaps; 1 is poisson.")
    ] = None,
    trace: Annotated[File, typer.Option("--trace", help="Replay requests: CSV or JSON lines with times.")] = None,
    speedup: Annotated[float, typer.Option("--speedup", min=POSITIVE, help="Replay this many times as fast.")] = 1.0,
    knee: Annotated[Word, typer.Option("--knee", help="Find the highest concurrency or rate in the limits.")] = None,
    ttft_p95: Annotated[Word, typer.Option("--ttft-p95", help="Limit on the first token: '500 ms'.")] = None,
    itl_p95: Annotated[Word, typer.Option("--itl-p95", help="Limit on the time between tokens: '50 ms'.")] = None,
    deadline: Annotated[Word, typer.Option("--deadline", help="Limit on the whole answer: '10 s'.")] = None,
    n_requests: Annotated[Count, typer.Option("--n-requests", min=1, max=1_000_000, help="Of each level.")] = None,
    duration_s: Annotated[
        float | None, typer.Option("--duration", min=POSITIVE, help="Seconds of a level after which none is sent.")
    ] = None,
    connect_timeout_s: Annotated[float, typer.Option("--connect-timeout", min=POSITIVE, help="Seconds.")] = 10.0,
    first_timeout_s: Annotated[
        float, typer.Option("--first-timeout", min=POSITIVE, help="Seconds to the first token.")
    ] = 60.0,
    idle_timeout_s: Annotated[
        float, typer.Option("--idle-timeout", min=POSITIVE, help="Seconds without a byte after it.")
    ] = 30.0,
    timeout_s: Annotated[float, typer.Option("--timeout", min=POSITIVE, help="Seconds of a whole answer.")] = 600.0,
    api: Annotated[Word, typer.Option("--api", help="chat or completions; by the URL, else chat.")] = None,
    api_key_env: Annotated[Word, typer.Option("--api-key-env", help="Variable that holds the key.")] = None,
    served_model: Annotated[str, typer.Option("--served-model", help="The server's name of its model.")] = "",
    extra_body: Annotated[Word, typer.Option("--extra-body", help="JSON object added to each request.")] = None,
    allow_prefix_cache: Annotated[
        bool, typer.Option("--allow-prefix-cache", help="Keep a run with prefix-cache hits.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of arrivals and prompts.")] = 0,
    self_test: Annotated[
        bool, typer.Option("--self-test/--no-self-test", help="Test this machine's client first.")
    ] = True,
    hardware: Annotated[Word, typer.Option("--hardware", help="What the server runs on, by id.")] = None,
    n_gpus: Annotated[int, typer.Option("--n-gpus", min=1, help="Accelerators of the server.")] = 1,
    gpu: Annotated[Word, typer.Option("--gpu", help="Their numbers on this machine: 0,1; for the energy.")] = None,
    model: Annotated[Word, typer.Option("--model", help="The model's id in the catalogue.")] = None,
    dtype: Annotated[Word, typer.Option("--dtype", help="Number format of its weights.")] = None,
    engine: Annotated[Word, typer.Option("--engine", help="vllm, sglang, llama.cpp, …")] = None,
    engine_version: Annotated[str, typer.Option("--engine-version", help="Its version.")] = "",
    out: Annotated[File, typer.Option("--out", help="Write the profile here.")] = None,
    requests: Annotated[File, typer.Option("--requests", help="Write every request as a line of JSON.")] = None,
    chart: Annotated[File, typer.Option("--chart", help="Latency against throughput: .png, .svg, .pdf.")] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Load a running server and report throughput, latency, limits kept and energy; write a profile of it."""
    from tco.bench.endpoint import command, options, rows

    asked = options.Options(
        url=url, api=api, api_key_env=api_key_env, served_model=served_model, workload=workload, input_tok=input_tok,
        output_tok=output_tok, concurrency=concurrency, rate=rate, arrivals=arrivals, burstiness=burstiness,
        trace=trace, speedup=speedup, knee=knee, ttft_p95=ttft_p95, itl_p95=itl_p95, deadline=deadline,
        n_requests=n_requests, duration_s=duration_s, connect_timeout_s=connect_timeout_s,
        first_timeout_s=first_timeout_s, idle_timeout_s=idle_timeout_s, timeout_s=timeout_s,
        allow_prefix_cache=allow_prefix_cache, extra_body=extra_body, seed=seed, self_test=self_test, n_gpus=n_gpus,
        gpu=gpu, data=data,
    )  # fmt: skip
    stated = rows.Deployment(
        hardware=hardware, n_gpus=n_gpus, model=model, dtype=dtype, engine=engine, engine_version=engine_version
    )
    wanted = command.Wanted(out=out, requests=requests, chart=chart, as_json=as_json, data=data)
    raise typer.Exit(command.run(asked, stated, wanted))
