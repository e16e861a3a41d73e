"""Files: YAML and CSV read with line marks, every problem reported at once."""
