"""The server's address: what a person writes, split once into host, port and paths."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from tco.errors import UsageError

Api = Literal["chat", "completions"]
PATHS: dict[Api, str] = {"chat": "/chat/completions", "completions": "/completions"}
PORTS = {"http": 80, "https": 443}
EXPECTED = "expected http://HOST:PORT, with or without /v1/chat/completions or /v1/completions"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens; ``base`` is the path before ``/chat/completions`` and its sisters."""

    scheme: str
    host: str
    port: int
    base: str
    api: Api

    @property
    def path(self) -> str:
        """Path of a request for tokens."""
        return self.base + PATHS[self.api]

    @property
    def authority(self) -> str:
        """Host and port for the Host header and for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address of a request for tokens; it holds no credentials."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine, by its address."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse(url: str, *, api: Api | None = None) -> Address:
    """An address from a URL; ``api`` is the kind asked for, else the one the path ends in, else chat.

    Raises UsageError for another scheme, credentials or a query in the URL, or a path that contradicts ``api``.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"URL: got {url!r}: {error}; {EXPECTED}") from None
    if parts.username or parts.password or parts.query or parts.fragment:
        secret = "credentials, a query or a fragment in the URL are not taken"
        raise UsageError(f"URL: {secret}; name the key's variable with --api-key-env")
    if parts.scheme not in PORTS or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(f"URL: got {url!r}; {EXPECTED}")
    base = parts.path.rstrip("/")
    stated: Api | None = None
    for kind, suffix in PATHS.items():
        if base.endswith(suffix):
            base, stated = base.removesuffix(suffix), kind
            break
    if api and stated and api != stated:
        raise UsageError(f"--api: got {api!r}, but the URL ends in {PATHS[stated]}; drop one of the two")
    kept = base if base or stated else "/v1"
    return Address(parts.scheme, host, port or PORTS[parts.scheme], kept, api or stated or "chat")
