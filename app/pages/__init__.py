"""The pages that people open, and what they alone ask for."""
