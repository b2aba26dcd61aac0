"""What gunicorn runs: worker, startup, admission, handover, scheduling; and the container's health check."""
