"""What scripts and the page ask for, as JSON."""
