"""Samples: their shape, their wire format, the Redis stream that holds them."""
