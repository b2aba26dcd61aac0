"""A service that attaches the handler and looks at what that has loaded and started."""

import logging
import sys
from pathlib import Path

from collector.logs import CriticalLogHandler

logging.getLogger().addHandler(CriticalLogHandler("redis://127.0.0.1:1/0", "x"))
heavy = {"psutil", "sqlalchemy", "celery", "kombu", "flask", "gevent"} & set(sys.modules)
assert not heavy, heavy
assert len(list(Path("/proc/self/task").iterdir())) == 1
