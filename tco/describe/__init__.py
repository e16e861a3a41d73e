"""Records: what a person or a file says, frozen and validated once at the edge."""
