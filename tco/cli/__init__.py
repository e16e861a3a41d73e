"""Commands: parse, call, show. Heavy imports stay inside them, so that help is instant."""
