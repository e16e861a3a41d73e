"""Measuring this machine or a server, and reading what other tools measured, into profiles."""
