"""Puts the application together: each part is made once here and handed to those that need it."""

import time
from pathlib import Path

from flask import Flask

from app import sign_in
from app.accounts.accounts import Accounts
from app.accounts.audit import Audit
from app.accounts.credentials import Credentials
from app.accounts.principals import Role
from app.accounts.sessions import SessionLife
from app.api import health, history, logs
from app.api.history_query import HistoryQuery
from app.auth import login, origin
from app.cli import commands
from app.live.access_watch import BLOCK_MS, AccessNews, AccessWatch
from app.live.freshness import Freshness
from app.live.hub import FEED_TIMEOUT_S, Hub
from app.live.refusal import RefusalWatch
from app.live.stream import SampleStream, StreamLimits
from app.pages import audit, monitor
from app.web import assets, compression, errors, headers, proxies, request_body, times
from settings import VERSION, Settings, SettingsError
from store.access_changes import Doorbell
from store.database import make_engine
from store.history.history import History
from store.logs.log_store import LogStore
from store.samples.live import LiveStore, redis_client


def make_app(settings: Settings) -> Flask:
    """The web application. It connects to nothing before the first request. Raises: SettingsError, MonitorError."""
    app = Flask("app", static_folder=None)
    # Else `/api//hosts` would lead to an absolute http:// address: behind a proxy nothing here knows of TLS.
    app.url_map.merge_slashes = False
    if app.debug:
        raise SettingsError(["FLASK_DEBUG must not be set: its error pages show the code and let visitors run theirs."])
    proxies.init_app(app, trusted_proxies=settings.trusted_proxies)
    app.config["SECRET_KEY"] = settings.secret_key
    app.config.update(MAX_CONTENT_LENGTH=64 * 1024, MAX_FORM_MEMORY_SIZE=16 * 1024, MAX_FORM_PARTS=20)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.context_processor(lambda: {"version": VERSION})
    interval_s = settings.sample_interval_s

    store = app.extensions["store"] = LiveStore(redis_client(settings.redis_url))
    log_store = LogStore(redis_client(settings.redis_url))
    feed = LiveStore(redis_client(settings.redis_url, timeout_s=FEED_TIMEOUT_S, max_connections=2))
    waiting = redis_client(settings.redis_url, timeout_s=BLOCK_MS / 1000 + 3, max_connections=2)
    doorbell = Doorbell(redis_client(settings.redis_url, max_connections=4), waiting)
    limits = StreamLimits(
        per_process=settings.max_streams,
        per_user=settings.max_streams_per_user,
        longest_s=settings.max_stream_minutes * 60,
    )

    errors.init_app(app)
    request_body.init_app(app)
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
    news = AccessNews(doorbell)
    accounts = Accounts(engine, life=life, announce=news.announce)
    freshness = Freshness(interval_s, time.monotonic)
    hub = app.extensions["hub"] = Hub(feed, log_store, freshness)
    app.extensions["refusal"] = RefusalWatch(store, freshness, interval_s)
    credentials = Credentials(engine, accounts.sessions, Role.SUPER_ADMIN)
    app.extensions["access"] = AccessWatch(hub, credentials.in_force, news)
    past = HistoryQuery(store, History(engine), interval_s)
    record = Audit(engine, keep_s=settings.audit_days * 86_400)
    login_methods = sign_in.init_app(app, settings, engine, accounts)
    login.init_app(app, accounts, record, secure_cookies=settings.secure_cookies, methods=login_methods)
    times.init_app(app)
    commands.init_app(app)
    app.register_blueprint(health.make_blueprint(hub))
    app.register_blueprint(monitor.make_blueprint(store, past, log_store, hub, version=VERSION))
    app.register_blueprint(history.make_blueprint(store, past))
    app.register_blueprint(logs.make_blueprint(log_store))
    app.register_blueprint(audit.make_blueprint(record))
    app.register_blueprint(SampleStream(hub, limits, record, version=VERSION, interval_s=interval_s))
    return app
