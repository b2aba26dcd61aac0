"""The recorded data, and the only way to read and write them. Imports nothing of ours."""
