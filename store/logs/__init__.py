"""Log lines: groups, redaction, the Redis keys that hold them."""
