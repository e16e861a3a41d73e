"""Price sheets: immutable, content-addressed lists of offers, made from upstream registries."""
