"""What gunicorn runs: admission, handover, scheduling, and the container's health check."""
