"""Minutes, hours and days in SQL."""
