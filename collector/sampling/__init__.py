"""One sample: its probes, what they saw, and what is kept of it."""
