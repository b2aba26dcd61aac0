"""Sees the world and writes what it saw into the store; knows no HTTP.

`celery_app` builds the Celery app, `tasks` holds the scheduled jobs, `monitor` runs the `probes` and makes one
`Sample`, `store` is the only way to what is recorded.
"""
