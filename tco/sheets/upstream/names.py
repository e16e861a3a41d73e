"""Who sells under which name: the registries' spellings of providers, and the tier of each seller."""

from __future__ import annotations

import re

from tco.describe.offer import Tier

# A registry's spelling -> the slug of pricing/providers.yaml; a spelling that is absent is its own slug.
PROVIDERS: dict[str, str] = {
    # genai-prices
    "moonshotai": "moonshot", "x-ai": "xai", "zhipuai": "zhipu",
    # litellm
    "bedrock": "aws", "bedrock_converse": "aws", "bedrock_mantle": "aws", "amazon_nova": "aws", "sagemaker": "aws",
    "aws_polly": "aws", "transcribe": "aws", "agentcore": "aws",
    "azure_ai": "azure", "azure_text": "azure", "bing_grounding": "azure",
    "vertex_ai": "gcp", "gemini": "google", "google_pse": "google",
    "text-completion-openai": "openai", "cohere_chat": "cohere", "together_ai": "together", "fireworks_ai": "fireworks",
    "dashscope": "alibaba", "qwencloud": "qwencloud", "lambda_ai": "lambda", "meta_llama": "meta", "bigmodel": "zhipu",
    "codestral": "mistral", "text-completion-codestral": "mistral", "text-completion-inception": "inception",
    "voyage": "voyageai", "gradient_ai": "digitalocean", "oci": "oracle", "friendliai": "friendli",
    "nvidia_nim": "nvidia",
    # models.dev
    "amazon-bedrock": "aws", "azure-cognitive-services": "azure", "google-vertex": "gcp",
    "google-vertex-anthropic": "gcp",
    "fireworks-ai": "fireworks", "togetherai": "together", "novita-ai": "novita", "cloudflare-workers-ai": "cloudflare",
    "gmicloud": "gmi", "snowflake-cortex": "snowflake", "llama": "meta", "hpc-ai": "hpc-ai",
    # OpenRouter's and Hugging Face's authors
    "z-ai": "zai", "meta-llama": "meta", "mistralai": "mistral", "amazon": "aws",
}  # fmt: skip

# Labs that sell their own models, and the clouds that resell them at list price; all others are budget clouds.
_API = frozenset(
    [
        "openai",
        "anthropic",
        "google",
        "gcp",
        "aws",
        "azure",
        "xai",
        "mistral",
        "meta",
        "perplexity",
        "alibaba",
        "voyageai",
        "ai21",
        "elevenlabs",
        "deepgram",
        "assemblyai",
        "databricks",
        "snowflake",
        "oracle",
        "github-copilot",
        "watsonx",
        "stability",
        "jina-ai",
    ]
)
# Software that runs on the user's own machine, and plans billed by the seat: no price by the token exists.
LOCAL = frozenset(["ollama", "lemonade", "lmstudio", "searxng", "atomic-chat"])
BY_THE_SEAT = frozenset(["github_copilot", "github-copilot", "chatgpt", "microsoft_365_copilot", "kimi-for-coding"])
# Routers: the request goes to whoever is cheapest now.
ROUTERS = frozenset(
    [
        "openrouter",
        "vercel-ai-gateway",
        "vercel",
        "aihubmix",
        "kyma",
        "requesty",
        "zenmux",
        "cloudflare-ai-gateway",
        "clf-ai-gateway",
        "nano-gpt",
        "kilo",
        "opencode",
        "opencode-go",
        "poe",
        "fastrouter",
        "orcarouter",
        "llmgateway",
        "helicone",
        "aiml",
        "hostinger-router",
    ]
)


def provider_slug(spelling: str) -> str:
    """The project's slug of a seller as a registry spells it."""
    known = PROVIDERS.get(spelling)
    if known:
        return known
    if spelling.startswith("vertex_ai-"):
        return "gcp"
    if spelling.startswith("fireworks_ai-"):
        return "fireworks"
    return slug(spelling.replace("_", "-"))


def tier_of(provider: str) -> Tier:
    """The tier of a seller by its slug."""
    return "api" if provider in _API else "budget_cloud"


def slug(name: str) -> str:
    """A name as an id: lower case, every character an id may not have as a dash."""
    return re.sub(r"[^a-z0-9._/-]+", "-", name.lower()).strip("-._/") or "unnamed"


def is_free(name: str) -> bool:
    """Whether the spelling itself says that nothing is charged."""
    return re.search(r"[:/-]free$", name.lower()) is not None


def is_latest(name: str) -> bool:
    """Whether a name moves on to the next model."""
    return re.search(r"[-:/]latest$", name.lower()) is not None
