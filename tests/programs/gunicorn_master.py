"""Reads gunicorn's configuration as its master does, and prints which heavy packages that has loaded."""

import runpy
import sys

runpy.run_path("gunicorn.conf.py")
print(*({name.partition(".")[0] for name in sys.modules} & {"flask", "sqlalchemy", "redis", "celery", "psutil"}))
