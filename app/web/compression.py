"""Pages and JSON are compressed as they go out; the page's files are so when they are built, the stream never is."""

from flask import Flask
from flask_compress import Compress


def init_app(app: Flask) -> None:
    """Compress what the views answer. Levels are low: meanwhile every other viewer waits."""
    app.config.update(
        COMPRESS_MIMETYPES=["text/html", "application/json"],
        COMPRESS_STREAMS=False,
        COMPRESS_ALGORITHM=["zstd", "br", "gzip"],
        COMPRESS_LEVEL=4,
        COMPRESS_ZSTD_LEVEL=6,
        COMPRESS_MIN_SIZE=1000,  # What fits into one packet is not made faster by being smaller.
    )
    Compress(app)
