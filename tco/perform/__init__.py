"""What a model on a machine can do: memory, step time, batching, capacity at an SLO, fleet, energy."""
