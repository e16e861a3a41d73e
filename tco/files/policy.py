"""What the catalogue's dated rows are good for: the limits a comparison applies, each with its reason."""

from __future__ import annotations

# A judgement: the rent of GPUs moves within months, so that a search over everyone must not be won by a price that
# nobody has seen for half a year. A row of a provider that is named is used at any age.
MAX_RENTAL_AGE_DAYS = 180
# Sources spell one provider's instances differently. A row that the provider's newest one for the same machine
# and plan follows by more than two months is taken as replaced by it.
REPLACED_AFTER_DAYS = 60
# A judgement: the age at which a token price counts as old, too.
MAX_RATE_AGE_DAYS = 45
# One open model of each size: 8 and 70 billion parameters dense, 117 and 671 billion as mixtures of experts. Every open
# model on every machine would be thousands of searches that nobody asked for.
DEFAULT_MODELS = ("qwen3-8b", "llama-3.1-70b", "gpt-oss-120b", "deepseek-r1")
