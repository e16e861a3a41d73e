"""The shapes of sentences: rows of chunk types, with what each means as a statement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape: its name, the row of types, and an example.

    In a row ``?`` may be absent, ``*`` may stand any number of times, ``|`` is either, ``=`` names a slot.
    ``is_loose``: the parts may stand in any order, where each part's type says what it is.
    """

    name: str
    row: str
    example: str
    is_loose: bool = False


# Names for several types, used in the rows.
ANY: dict[str, tuple[str, ...]] = {
    "AMOUNT": ("PRICE", "MONEY", "NUMBER", "BILL", "RATE", "EACH"),
    "TIMES": ("RATIO", "PERCENT"),
    "LESS": ("CHEAPER", "DEARER"),
    "SIZED": ("MODEL", "PARAMS"),
    "WIDTH": ("BITS", "DTYPE"),
    "DOES": ("NEED", "HAVE", "COST", "RUN", "REACH", "SCORE"),
    "MACHINES": ("HARDWARE", "CLUSTER"),
}
SHAPES: tuple[Shape, ...] = (
    Shape("price", "SIDE? MODEL SIDE? COST? PRICE SIDE?", "GPT-4o costs $2.50 per million input tokens"),
    Shape("price", "SIDE? MODEL SIDE? COST? MONEY SIDE?", "GPT-4o input is $2.50"),
    Shape(
        "two_prices",
        "MODEL COST? first=PRICE side1=SIDE? second=PRICE side2=SIDE?",
        "GPT-4o costs $2.50/M input tokens and $10/M output tokens",
    ),
    Shape(
        "two_prices",
        "MODEL COST? first=MONEY side1=SIDE second=MONEY side2=SIDE",
        "Claude Sonnet 4.6 costs $3 input, $15 output",
    ),
    Shape(
        "three_prices",
        "MODEL COST? first=PRICE side1=SIDE? second=PRICE side2=SIDE? third=PRICE side3=SIDE?",
        "GPT-4o costs $2.50/M input, $1.25/M cached input and $10/M output",
    ),
    Shape(
        "in_and_out", "MODEL COST? first=MONEY second=PRICE|MONEY", "Claude Opus 4.6 costs $5/$25 per million tokens"
    ),
    Shape("bare_price", "PRICE SIDE?", "$5,000 per 1M tokens"),
    Shape("free", "MODEL SIDE? COST? FREE", "Llama 3.1 8B is free"),
    Shape("plan", "PLAN BILL COST*", "ChatGPT Plus costs $20 per month", True),
    Shape("outcome", "COST? OUTCOME", "$0.99 per resolution"),
    Shape("rental", "RENT? HARDWARE RENT|COST? COST? RATE", "an H100 rents for $2-3 per hour"),
    Shape("purchase", "HARDWARE COST? MONEY", "an RTX 4090 costs $1,600"),
    Shape("equal", "left=AMOUNT EQUAL|COST right=AMOUNT", "0.004 USD per 1K tokens equals 4 USD per 1M tokens"),
    Shape(
        "cheaper",
        "left=AMOUNT side1=SIDE? COST? by=TIMES LESS THAN right=AMOUNT SIDE?",
        "0.10 USD/Mtok is 50x cheaper than 15 USD/Mtok",
    ),
    Shape(
        "cheaper_models",
        "left=MODEL side1=SIDE? COST? by=TIMES LESS THAN right=MODEL SIDE?",
        "Claude Sonnet 4.6 is 40% cheaper than Claude Opus 4.6",
    ),
    Shape(
        "cheaper_at",
        "leftmodel=MODEL COST? left=PRICE side1=SIDE? COST? by=TIMES LESS THAN rightmodel=MODEL right=PRICE SIDE?",
        "GPT-4o mini at $0.15/1M is 33x cheaper than GPT-4o at $5/1M",
    ),
    Shape("against", "left=AMOUNT THAN right=AMOUNT COST? SAVE? by=TIMES LESS?", "$15/1M vs $0.10/1M is 150x"),
    Shape(
        "narrower",
        "SIZED? FROM left=BITS|DTYPE right=BITS|DTYPE SAVE by=TIMES LESS?",
        "going from 16-bit to 4-bit cuts memory by 75%",
    ),
    Shape("from_to", "FROM left=AMOUNT right=AMOUNT SAVE by=TIMES LESS?", "going from $10/1M to $2.50/1M saves 75%"),
    Shape("from_to", "SAVE by=TIMES FROM left=AMOUNT right=AMOUNT", "you save 75% by going from $10/1M to $2.50/1M"),
    Shape(
        "from_to_models",
        "FROM left=MODEL right=MODEL SAVE by=TIMES SIDE?",
        "switching from GPT-4o to GPT-4o mini saves 94%",
    ),
    Shape(
        "from_to_models",
        "SAVE by=TIMES FROM left=MODEL right=MODEL",
        "you save 94% by switching from GPT-4o to GPT-4o mini",
    ),
    Shape("fits", "SIZED WIDTH? COST? FIT|NOT_FIT|RUN WIDTH? MEMORY|HARDWARE", "a 70B model at 4-bit fits in 24 GB"),
    Shape("fits", "MEMORY|HARDWARE FIT|NOT_FIT|RUN SIZED WIDTH?", "an RTX 4090 can run a 70B model at 4-bit"),
    Shape("memory", "SIZED WIDTH? DOES MEMORY WIDTH?", "a 70B model at FP16 needs 140 GB"),
    Shape("spec", "HARDWARE DOES? what=MEMORY|BANDWIDTH|FLOPS|POWER DTYPE?", "an RTX 4090 has 24 GB"),
    Shape(
        "machine",
        "SIZED? WIDTH? HARDWARE BATCH? RUN? SPEED BATCH? USE? COST value=PRICE SIDE?",
        "Qwen3-8B on an RTX 4090 at 40 tok/s costs 0.004 USD per 1K tokens",
    ),
    Shape(
        "rented",
        "SIZED? HARDWARE RENT|COST? RATE RUN? SPEED USE? COST value=PRICE SIDE?",
        "an H100 at $2.35 per hour and 1,500 tok/s costs $0.44 per 1M tokens",
    ),
    Shape("hosted", "SIZED? HARDWARE COST? value=PRICE SIDE?", "an RTX 4090 costs $4 per 1M tokens"),
    Shape(
        "hosted",
        "COST? value=PRICE SIDE? HARDWARE",
        "local inference costs $0.003-0.005 per 1K tokens on an RTX 4090",
    ),
    Shape(
        "speed",
        "SIZED WIDTH? HARDWARE DOES? SPEED BATCH? WIDTH?",
        "Llama 3.1 8B on an RTX 4090 reaches 195 tok/s at batch 1",
    ),
    Shape("speed", "SIZED WIDTH? DOES SPEED HARDWARE BATCH? WIDTH?", "Llama 3.1 8B runs at 195 tok/s on an RTX 4090"),
    Shape("power", "HARDWARE? POWER TARIFF COST value=BILL", "700 W at 0.12 USD/kWh costs 61 USD per month"),
    Shape(
        "energy",
        "HARDWARE? POWER SPEED TARIFF COST value=PRICE",
        "450 W and 40 tok/s at 0.15 USD/kWh costs $0.47 per 1M tokens",
    ),
    Shape(
        "payback",
        "HARDWARE? COST? upfront=MONEY HARDWARE? SAVE saving=BILL COST? PAYBACK DURATION",
        "a $20,000 server saving $5,000 per month pays back in 4 months",
    ),
    Shape(
        "payback_bare",
        "HARDWARE|MODEL? COST? upfront=MONEY? COST? PAYBACK DURATION",
        "an RTX 4090 pays back in 3 months",
    ),
    Shape("flop", "SIZED DOES flop=FLOP|FLOPS", "a 70B model takes 140 GFLOP per token"),
    Shape("params", "MODEL HAVE PARAMS", "Qwen3-235B-A22B has 235B parameters"),
    Shape("score", "MODEL DOES PERCENT BENCHMARK SETTING?", "Claude Sonnet 4.6 scores 79.6% on SWE-bench Verified"),
    Shape(
        "price",
        "MODEL PRICE SIDE? PROVIDER? PROCESSING? COST* HAVE?",
        "OpenAI charges $0.15/M input tokens for GPT-4o mini",
        True,
    ),
    Shape(
        "price_for",
        "MODEL tokens=TOKENS|NUMBER MONEY SIDE? PROVIDER? PROCESSING? COST* EQUAL?",
        "$5 gets you 2 million input tokens on GPT-4o",
        True,
    ),
    Shape(
        "discount",
        "CACHING|PROCESSING MODEL by=TIMES SAVE|CHEAPER SIDE? PROVIDER? COST* HAVE? SAVE? CHEAPER?",
        "prompt caching cuts Claude Sonnet 4.6 input costs by 90%",
        True,
    ),
    Shape("rental", "HARDWARE RENT BILL|RATE COST*", "an A100 80GB costs $1,500 per month to rent", True),
    Shape(
        "rented_for",
        "MACHINES RATE value=BILL RENT? RUN* COST*",
        "renting 8 H100s at $2.50 per hour costs $14,600 per month",
        True,
    ),
    Shape(
        "machine",
        "HARDWARE SPEED value=PRICE SIZED? WIDTH? BATCH? USE? SIDE? RUN* COST* REACH*",
        "an RTX 4090 at 1,100 tok/s running Llama 3.1 8B costs $0.05 per 1M tokens",
        True,
    ),
    Shape(
        "rented",
        "RATE SPEED value=PRICE HARDWARE? SIZED? WIDTH? USE? RENT* SIDE? RUN* COST* REACH*",
        "at $2.35 per hour and 1,500 tok/s you pay $0.44 per million tokens",
        True,
    ),
    Shape(
        "power",
        "MACHINES? POWER? TARIFF value=BILL RUN* COST* NEED*",
        "running an RTX 4090 24/7 at 450 W and $0.15/kWh costs $49 per month",
        True,
    ),
    Shape(
        "energy",
        "HARDWARE? POWER SPEED TARIFF value=PRICE RUN* COST* NEED* SIDE?",
        "450 W at 40 tok/s and $0.15/kWh is $0.47 per million tokens in electricity",
        True,
    ),
    Shape("draw", "MACHINES? POWER DRAW RUN* COST* NEED*", "a 700 W GPU uses 511 kWh per month", True),
    Shape(
        "specs",
        "MACHINES MEMORY? BANDWIDTH? FLOPS? POWER? DTYPE? DENSE? SPARSE? DOES* DEVICE*",
        "the RTX 5090 comes with 32 GB and 1.79 TB/s of bandwidth",
        True,
    ),
    Shape("kv", "MODEL KV MEMORY PER_TOK|CONTEXT WIDTH? DOES*", "Llama 3.1 8B uses 128 KB of KV cache per token", True),
    Shape("flop", "SIZED flop=FLOP|FLOPS DENSE? PER_TOK? DOES*", "a 70B dense model takes 140 GFLOP per token", True),
    Shape(
        "params_active",
        "MODEL HAVE? total=PARAMS HAVE? active=PARAMS ACTIVE PER_TOK?",
        "DeepSeek-V3 has 671B parameters, 37B active",
    ),
    Shape(
        "params_active", "MODEL HAVE? ACTIVE active=PARAMS PER_TOK?", "gpt-oss-120b activates 5.1B parameters per token"
    ),
    Shape("params_active", "MODEL HAVE? active=PARAMS ACTIVE PER_TOK?", "gpt-oss-120b has 5.1B active parameters"),
    Shape(
        "speed",
        "MACHINES SIZED SPEED BATCH? WIDTH? DOES*",
        "an RTX 4090 generates 60 tok/s with an 8B model at FP16 and batch 1",
        True,
    ),
    Shape(
        "payback",
        "HARDWARE? upfront=MONEY saving=BILL SAVE PAYBACK DURATION HARDWARE? COST*",
        "a $60,000 server replacing a $5,000/month API bill pays for itself in 12 months",
        True,
    ),
    Shape(
        "requests",
        "MODEL VOLUME in=TOKENS out=TOKENS value=BILL|MONEY PROCESSING? PROVIDER? COST* DOES*",
        "1 million requests a month at 1,000 input and 500 output tokens on GPT-4o mini costs $450",
        True,
    ),
    Shape(
        "flow",
        "MODEL FLOW SIDE? value=BILL|MONEY PROCESSING? PROVIDER? COST* DOES*",
        "100 million input tokens a month on GPT-4o costs $250",
        True,
    ),
    Shape(
        "plan_buys",
        "PLAN COST? BILL EQUAL|COST tokens=TOKENS|NUMBER|FLOW MODEL SIDE?",
        "ChatGPT Plus at $20 per month equals 8 million GPT-4o input tokens",
    ),
    Shape(
        "plan_buys",
        "PLAN COST? BILL EQUAL|COST MODEL? tokens=TOKENS|FLOW MODEL SIDE?",
        "ChatGPT Plus at $20 per month buys 2 million output tokens of GPT-4o",
    ),
    Shape("marginal", "HARDWARE? SIZED? HAVE? COST? RUN? MARGINAL HARDWARE?", "local inference has zero marginal cost"),
    Shape(
        "sides",
        "MODEL left=SIDE COST? by=TIMES LESS THAN right=SIDE PROVIDER?",
        "GPT-4o output tokens are 4x more expensive than input tokens",
        True,
    ),
    Shape("training", "MODEL MONEY TRAIN COST*", "GPT-4 cost over $100 million to train", True),
    Shape(
        "samples", "VOTING SAMPLES by=RATIO COST* NEED*", "majority voting with 8 samples costs 8x as many tokens", True
    ),
    Shape("free", "MODEL SIDE? COST? FREE COST? FREE?", "Llama 3.3 70B is open source and free to run"),
    Shape(
        "from_to",
        "FROM left=AMOUNT right=AMOUNT by=TIMES SAVE|LESS SAVE* COST* LESS? MODEL?",
        "the bill fell from $30,000 to $12,000 a month, a 60% drop",
        True,
    ),
    Shape(
        "fits",
        "SIZED MACHINES|MEMORY FIT|NOT_FIT|RUN WIDTH? COST* HAVE? DENSE?",
        "Llama 3.1 405B at FP8 fits on 8 H100s",
        True,
    ),
    Shape("bill", "BILL COST?", "$30,000 per month"),
)
