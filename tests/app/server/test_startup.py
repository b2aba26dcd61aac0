"""What gunicorn's own process loads before it forks."""

import os
import subprocess
import sys

from tests.web import ROOT

LOADED = """
import runpy, sys
runpy.run_path("gunicorn.conf.py")
print(*({name.partition(".")[0] for name in sys.modules} & {"flask", "sqlalchemy", "redis", "celery", "psutil"}))
"""


def test_gunicorns_master_loads_nothing_that_only_its_worker_needs() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True
    )

    assert run.stdout.split() == []
