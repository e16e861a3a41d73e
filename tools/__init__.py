"""Scripts that make shipped data."""
