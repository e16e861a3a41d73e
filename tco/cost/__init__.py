"""What one option of a tier costs: finance, unit costs and the ledger of cost lines."""
