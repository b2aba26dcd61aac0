"""What the watched application's workers and senders tell of themselves: Celery's events."""
