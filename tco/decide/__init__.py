"""When one option beats another: break-even, payback, uncertainty, sensitivity."""
