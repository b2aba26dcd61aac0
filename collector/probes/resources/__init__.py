"""CPU and memory of the container and of the machine."""
