"""The Celery worker that samples: its connection, its watchdog, its restarts."""
