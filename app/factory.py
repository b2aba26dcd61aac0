"""Puts the application together: makes each part once and hands it to those that need it."""

import time
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine

from app import sign_in
from app.accounts.accounts import Accounts
from app.accounts.audit import Audit
from app.accounts.credentials import Credentials
from app.accounts.principals import Role
from app.accounts.sessions import SessionLife
from app.api import health, history, logs, workload
from app.api.history_query import HistoryQuery
from app.auth import login, origin
from app.cli import commands
from app.live.access_watch import BLOCK_MS, AccessSignal, AccessWatch
from app.live.freshness import Freshness
from app.live.hub import Hub
from app.live.log_feed import LogFeed
from app.live.reader import FEED_TIMEOUT_S, Reader
from app.live.refusal import RefusalWatch
from app.live.stream import SampleStream, StreamLimits
from app.pages import audit, monitor
from app.web import assets, compression, errors, headers, proxies, request_body, times
from settings import VERSION, Settings, SettingsError
from store.access_changes import AccessChanges
from store.database import make_engine
from store.history.history import History
from store.logs.log_store import LogStore
from store.samples.live import LiveStore, redis_client


def make_app(settings: Settings) -> Flask:
    """The web application. It connects to nothing before the first request. Raises: SettingsError, MonitorError."""
    app = Flask("app", static_folder=None)
    if app.debug:
        raise SettingsError(["FLASK_DEBUG must not be set: its error pages show the code and let visitors run theirs."])
    _add_plumbing(app, settings)
    engine = make_engine(settings.database_url)
    record = Audit(engine, keep_s=settings.audit_days * 86_400)
    store, log_store = LiveStore(redis_client(settings.redis_url)), LogStore(redis_client(settings.redis_url))
    app.extensions["store"] = store
    signal = _make_access_signal(settings)
    accounts = _add_accounts(app, settings, engine, signal, record)
    hub = _add_live(app, settings, store, log_store, record)
    in_force = Credentials(engine, accounts.sessions, Role.SUPER_ADMIN).in_force
    app.extensions["access"] = AccessWatch(hub.viewers, in_force, signal)
    past = HistoryQuery(store, History(engine), settings.sample_interval_s)
    app.register_blueprint(monitor.make_blueprint(store, past, log_store, hub.freshness, version=VERSION))
    app.register_blueprint(history.make_blueprint(store, past))
    app.register_blueprint(workload.make_blueprint(store))
    app.register_blueprint(logs.make_blueprint(log_store))
    app.register_blueprint(audit.make_blueprint(record))
    commands.init_app(app)
    return app


def _add_plumbing(app: Flask, settings: Settings) -> None:
    """What holds for every request."""
    # Else `/api//hosts` would lead to an absolute http:// address: behind a proxy nothing here knows of TLS.
    app.url_map.merge_slashes = False
    app.config["SECRET_KEY"] = settings.secret_key
    app.config.update(MAX_CONTENT_LENGTH=64 * 1024, MAX_FORM_MEMORY_SIZE=16 * 1024, MAX_FORM_PARTS=20)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.context_processor(lambda: {"version": VERSION})
    proxies.init_app(app, trusted_proxies=settings.trusted_proxies)
    errors.init_app(app)
    request_body.init_app(app)
    headers.init_app(app, is_behind_tls=settings.secure_cookies)
    origin.init_app(app, trusted_hosts=settings.trusted_hosts, is_behind_tls=settings.secure_cookies)
    compression.init_app(app)
    assets.init_app(app, Path(__file__).parent.with_name("static"))
    times.init_app(app)


def _make_access_signal(settings: Settings) -> AccessSignal:
    waiting = redis_client(settings.redis_url, timeout_s=BLOCK_MS / 1000 + 3, max_connections=2)
    return AccessSignal(AccessChanges(redis_client(settings.redis_url, max_connections=4), waiting))


def _add_accounts(app: Flask, settings: Settings, engine: Engine, signal: AccessSignal, record: Audit) -> Accounts:
    life = SessionLife(
        idle_s=settings.session_idle_minutes * 60,
        longest_s=settings.session_hours * 3600,
        per_user=settings.max_sessions_per_user,
    )
    accounts = Accounts(engine, life=life, announce=signal.announce)
    methods = sign_in.init_app(app, settings, engine, accounts)
    login.init_app(app, accounts, record, secure_cookies=settings.secure_cookies, methods=methods)
    return accounts


def _add_live(app: Flask, settings: Settings, store: LiveStore, log_store: LogStore, record: Audit) -> Hub:
    """The stream, and `/healthz`, which tells what the stream knows."""
    interval_s = settings.sample_interval_s
    freshness = Freshness(interval_s, time.monotonic)
    feed = LiveStore(redis_client(settings.redis_url, timeout_s=FEED_TIMEOUT_S, max_connections=2))
    hub = app.extensions["hub"] = Hub(freshness)
    reader = app.extensions["reader"] = Reader(feed, hub, LogFeed(log_store, hub.viewers.send))
    app.extensions["refusal"] = RefusalWatch(store, freshness, interval_s)
    limits = StreamLimits(
        per_process=settings.max_streams,
        per_user=settings.max_streams_per_user,
        longest_s=settings.max_stream_minutes * 60,
    )
    app.register_blueprint(health.make_blueprint(freshness, reader))
    app.register_blueprint(SampleStream(hub, limits, record, version=VERSION, interval_s=interval_s))
    return hub
