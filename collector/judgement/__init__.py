"""Judges each sample once: whether messages go through, and if not, what is wrong."""
