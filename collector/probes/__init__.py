"""Probes, one measured thing per file. A probe is an object with `read()` that turns foreign errors into reasons."""
