"""Measuring this machine: what the driver says, what the memory and the multipliers reach, what that draws."""
