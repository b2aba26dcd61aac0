"""A WSGI application that attaches the handler where it is imported, and logs there and at every request.

gunicorn tests.programs.web_service:application
"""

import logging
import os

from collector.logs import CriticalLogHandler
from tests.programs.attached import be_patient

be_patient()
logging.getLogger().addHandler(CriticalLogHandler(os.environ["PANEL_REDIS_URL"], "backend", "web-1"))
log = logging.getLogger("zapvoice.web")
log.error("an import")


def application(environ, start_response):
    """Answer anything."""
    log.error("a request")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
