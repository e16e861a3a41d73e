"""What tokens, GPU-hours, units and seats cost on a date."""
