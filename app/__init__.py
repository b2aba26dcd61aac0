"""Reads the store, speaks HTTP. Of `collector` it sees only `collector.store`; it never imports Celery."""

import time
from functools import partial
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import accounts, api, assets, auth, bodies, cli, compression, errors, headers, health, logs_api, pages
from app.freshness import Freshness
from app.history import Past
from app.hub import BLOCK_MS, Hub
from app.stream import SampleStream, StreamLimits
from collector.store.database import make_engine
from collector.store.history import History
from collector.store.live import LiveStore, redis_client
from collector.store.logs import LogStore
from settings import VERSION, Settings, load_settings


def create_app(settings: Settings | None = None) -> Flask:
    """The web application. Nothing is connected to before the first request; the server's hook starts the hub."""
    settings = settings or load_settings()
    app = Flask(__name__, static_folder=None)
    if settings.trusted_proxies:
        # Without it every client has the proxy's address, and all of them share one allowance of logins.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies)  # type: ignore[method-assign]
    app.config["SECRET_KEY"] = settings.secret_key
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.context_processor(lambda: {"version": VERSION})
    interval_s = settings.sample_interval_s

    store = app.extensions["store"] = LiveStore(redis_client(settings.redis_url))
    logs = LogStore(redis_client(settings.redis_url))
    feed = LiveStore(redis_client(settings.redis_url, timeout_s=BLOCK_MS / 1000 + 3, max_connections=2))
    limits = StreamLimits(per_process=settings.max_streams, per_user=settings.max_streams_per_user)

    errors.init_app(app)
    bodies.init_app(app)
    headers.init_app(app)
    compression.init_app(app)
    assets.init_app(app, Path(__file__).parent.with_name("static"))
    engine = make_engine(settings.database_url)
    session_s = settings.session_hours * 3600
    users = accounts.Accounts(engine, session_s=session_s)
    still_hold = partial(users.still_hold, role=accounts.Role.SUPER_ADMIN)
    hub = Hub(feed, logs, Freshness(interval_s, time.monotonic), still_hold)
    app.extensions["hub"] = hub
    past = Past(store, History(engine), interval_s)
    auth.init_app(app, users, secure_cookies=settings.secure_cookies)
    cli.init_app(app)
    app.register_blueprint(health.make_blueprint(hub))
    app.register_blueprint(pages.make_blueprint(store, past, logs, hub, version=VERSION))
    app.register_blueprint(api.make_blueprint(store, past))
    app.register_blueprint(logs_api.make_blueprint(logs))
    app.register_blueprint(SampleStream(hub, limits, version=VERSION, interval_s=interval_s))
    return app
