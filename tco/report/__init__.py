"""Everything people or programs read: table, record, chart."""
