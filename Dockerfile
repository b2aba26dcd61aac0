# The panel's image: one for web, beat, collector and migrate. It holds no compiler, pip, npm, demo or test.
# Python and Debian are the releases that the tests run on.
FROM python:3.11.15-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

FROM base AS packages
WORKDIR /build
COPY requirements.txt ./
# Wheels only, each checked against its hash: nothing is compiled, so no stage needs a compiler.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python --disable-pip-version-check install --no-cache-dir --no-compile \
        --require-hashes --only-binary :all: -r requirements.txt \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib

FROM node:22.23.2-bookworm-slim AS page
WORKDIR /page
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY build.js ./
COPY static/ static/
RUN node build.js

FROM base AS runtime
LABEL org.opencontainers.image.title="ZapVoice Monitor" \
      org.opencontainers.image.description="A live operations panel for a Python service with a queue"
# Named, since Celery warns of a group without a name. All of Python is compiled here, since nothing can be written later:
# uncompiled, each start of a process took 0.7 s of CPU, which is what a health check then costs.
RUN groupadd --gid 10001 monitor \
    && useradd --uid 10001 --gid monitor --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin monitor \
    && python -m pip uninstall --yes --root-user-action ignore pip setuptools wheel \
    && rm -r /usr/local/lib/python3.11/ensurepip \
    && python -m compileall -q --invalidation-mode unchecked-hash /usr/local/lib/python3.11
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /srv/monitor
COPY celeryconfig.py gunicorn.conf.py ./
COPY settings/ settings/
COPY store/ store/
COPY migrations/ migrations/
COPY collector/ collector/
COPY app/ app/
COPY --from=page /page/static/ static/
# Whatever the umask of the clone: root's to write, everybody's to read.
RUN python -m compileall -q --invalidation-mode unchecked-hash . && chmod -R go-w,a+rX .
USER 10001:10001
STOPSIGNAL SIGTERM

# The stand-in for the watched product (`docker compose --profile demo`).
FROM runtime AS demo
COPY --chmod=755 demo/ demo/
# Port 5672 is 1628 in hexadecimal, and state 01 is an established connection: the worker is at its broker.
HEALTHCHECK --interval=300s --timeout=5s --start-period=60s --start-interval=1s \
    CMD ["grep", "-q", ":1628 01 ", "/proc/net/tcp"]
CMD ["celery", "-A", "demo.app", "worker", "--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle", "--task-events"]

# Last, so that it is what a plain `docker build` makes.
FROM runtime AS monitor
LABEL org.opencontainers.image.version="1.7.1"
ENV BIND_ADDRESS=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=300s --timeout=5s --start-period=60s --start-interval=1s \
    CMD ["python", "-IS", "app/server/healthcheck.py", "http://127.0.0.1:8000/readyz"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "app:create_app()"]
