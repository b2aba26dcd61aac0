"""Takes samples, marks them, writes them, and rolls them up into history."""
