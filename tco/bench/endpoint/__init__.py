"""Load on a running server: an own HTTP client on asyncio, load shapes, statistics and the report of them."""
