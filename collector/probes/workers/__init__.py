"""The watched Celery workers."""
