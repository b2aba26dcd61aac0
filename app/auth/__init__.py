"""The guard that every view passes, and the ways in."""
