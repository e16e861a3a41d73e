"""The gate: assumptions, claims, results and data files in; findings out."""
