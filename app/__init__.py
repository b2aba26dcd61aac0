"""Reads the store, speaks HTTP. Of `collector` it sees only `collector.store`; it never imports Celery."""

import time
from pathlib import Path

from flask import Flask

from app import (
    access,
    accounts,
    api,
    assets,
    audit_view,
    auth,
    bodies,
    cli,
    cli_access,
    cli_totp,
    compression,
    errors,
    headers,
    health,
    instants,
    logs_api,
    me,
    origin,
    pages,
    proxies,
    ways,
)  # fmt: skip
from app.access import AccessWatch
from app.audit import Audit
from app.freshness import Freshness
from app.history import Past
from app.holding import Holding
from app.hub import FEED_TIMEOUT_S, Hub
from app.refusal import RefusalWatch
from app.sessions import SessionLife
from app.stream import SampleStream, StreamLimits
from collector.store.database import make_engine
from collector.store.doorbell import Doorbell
from collector.store.errors import MonitorError
from collector.store.history import History
from collector.store.live import LiveStore, redis_client
from collector.store.logs import LogStore
from settings import VERSION, Settings, SettingsError, end_with, load_settings


def create_app(settings: Settings | None = None) -> Flask:
    """The web application. Nothing is connected to before the first request; the server's hook starts the hub.

    Without `settings` they are the environment's, and their faults end the program in a sentence.
    """
    if settings is not None:
        return _make_app(settings)
    try:
        return _make_app(load_settings())
    except (SettingsError, MonitorError) as exc:
        end_with(str(exc))


def _make_app(settings: Settings) -> Flask:
    app = Flask(__name__, static_folder=None)
    if app.debug:
        raise SettingsError(["FLASK_DEBUG must not be set: its error pages show the code and let visitors run theirs."])
    proxies.init_app(app, trusted_proxies=settings.trusted_proxies)
    app.config["SECRET_KEY"] = settings.secret_key
    app.config.update(MAX_CONTENT_LENGTH=64 * 1024, MAX_FORM_MEMORY_SIZE=16 * 1024, MAX_FORM_PARTS=20)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.context_processor(lambda: {"version": VERSION})
    interval_s = settings.sample_interval_s

    store = app.extensions["store"] = LiveStore(redis_client(settings.redis_url))
    logs = LogStore(redis_client(settings.redis_url))
    feed = LiveStore(redis_client(settings.redis_url, timeout_s=FEED_TIMEOUT_S, max_connections=2))
    waiting = redis_client(settings.redis_url, timeout_s=access.BLOCK_MS / 1000 + 3, max_connections=2)
    doorbell = Doorbell(redis_client(settings.redis_url, max_connections=4), waiting)
    limits = StreamLimits(
        per_process=settings.max_streams,
        per_user=settings.max_streams_per_user,
        longest_s=settings.max_stream_minutes * 60,
    )

    errors.init_app(app)
    bodies.init_app(app)
    headers.init_app(app, is_behind_tls=settings.secure_cookies)
    origin.init_app(app, trusted_hosts=settings.trusted_hosts, is_behind_tls=settings.secure_cookies)
    compression.init_app(app)
    assets.init_app(app, Path(__file__).parent.with_name("static"))
    engine = make_engine(settings.database_url)
    life = SessionLife(
        idle_s=settings.session_idle_minutes * 60,
        longest_s=settings.session_hours * 3600,
        per_user=settings.max_sessions_per_user,
    )
    users = accounts.Accounts(engine, life=life, announce=lambda: watch.announce())  # noqa: PLW0108  It comes below.
    freshness = Freshness(interval_s, time.monotonic)
    hub = app.extensions["hub"] = Hub(feed, logs, freshness)
    app.extensions["refusal"] = RefusalWatch(store, freshness, interval_s)
    holding = Holding(engine, users.sessions, accounts.Role.SUPER_ADMIN)
    watch = app.extensions["access"] = AccessWatch(hub, holding.still_hold, doorbell)
    past = Past(store, History(engine), interval_s)
    record = Audit(engine, keep_s=settings.audit_days * 86_400)
    ways_in = ways.init_app(app, settings, engine, users)
    auth.init_app(app, users, record, secure_cookies=settings.secure_cookies, ways=ways_in)
    instants.init_app(app)
    cli.init_app(app)
    cli_access.init_app(app)
    cli_totp.init_app(app)
    app.register_blueprint(health.make_blueprint(hub))
    app.register_blueprint(pages.make_blueprint(store, past, logs, hub, version=VERSION))
    app.register_blueprint(api.make_blueprint(store, past))
    app.register_blueprint(logs_api.make_blueprint(logs))
    app.register_blueprint(me.make_blueprint(users))
    app.register_blueprint(audit_view.make_blueprint(record))
    app.register_blueprint(SampleStream(hub, limits, record, version=VERSION, interval_s=interval_s))
    return app
