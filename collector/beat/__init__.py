"""Celery beat: when the next sample is due, and the message that asks for it."""
