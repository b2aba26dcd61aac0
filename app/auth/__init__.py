"""The guard that every view passes, and the login methods."""
