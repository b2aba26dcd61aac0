"""What is claimed about speed, each figure by one command."""
