"""Result files of other benchmark tools, one module a tool; ``read`` finds which one wrote a file."""
