"""What a first afternoon's work would be: psutil, Celery and flask-sse as their manuals show them."""

import os

import psutil
import redis
from celery import Celery
from flask import Flask
from flask_sse import sse

celery = Celery("naive", broker=os.environ["REDIS_URL"])
celery.conf.beat_schedule = {"stats": {"task": "naive.stats", "schedule": 3.0}}
app = Flask("naive")
app.config["REDIS_URL"] = os.environ["REDIS_URL"]
app.register_blueprint(sse, url_prefix="/stream")
broker = redis.Redis.from_url(os.environ["REDIS_URL"])


@celery.task(name="naive.stats")
def stats() -> None:
    """CPU, memory and the length of one queue in Redis; no other probe."""
    figures = {
        "cpu": psutil.cpu_percent(),
        "ram": psutil.virtual_memory().used,
        "ram_percent": psutil.virtual_memory().percent,
        "queue_size": broker.llen("dispatch"),
    }
    with app.app_context():
        sse.publish(figures, type="system_stats")
