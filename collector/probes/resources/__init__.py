"""CPU and memory, as the container sees them."""
