"""The collector: runs the probes at every tick and writes one sample into the store. Knows no HTTP.

`celery_app` builds the Celery app, `tasks` holds the scheduled jobs, `sampling` makes a sample of what `probes` read.
"""
