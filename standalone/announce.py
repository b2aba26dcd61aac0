"""Runs once beside the stack: waits for the first sample, then says where the page is, or which programs are not up."""

import http.client
import json
import os
import time

import psutil

from settings import Settings, settings_of_program
from standalone.programs import log_path
from standalone.terminal import say

PATIENCE_S = 30.0
POLL_S = 0.1


def main(settings: Settings) -> int:
    """Say how the start went. Returns the exit code."""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        if is_live(settings):
            say(f"\nZapVoice Monitor: {page_url(settings)}")
            say(f"Sign in as {settings.monitor_admin_email}. Ctrl-C ends it.\n")
            return 0
        time.sleep(POLL_S)
    missing = find_missing(settings)
    logs = ", ".join(f"{name} ({log_path(settings.monitor_data_dir, name)})" for name in missing)
    directory = log_path(settings.monitor_data_dir, "*").parent
    told = f"these are not up: {logs}." if missing else f"all processes run. Their logs are in {directory}."
    say(f"\nNo sample after {PATIENCE_S:.0f} s; {told}\n")
    return 1


def page_url(settings: Settings) -> str:
    """The page's address as a browser on this machine reaches it."""
    host = _reachable(settings.bind_address)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/monitor"


def is_live(settings: Settings) -> bool:
    """Whether the web process serves and has a fresh sample."""
    connection = http.client.HTTPConnection(_reachable(settings.bind_address), settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return bool(answer.get("sample") == "fresh")


def find_missing(settings: Settings) -> list[str]:
    """The programs that do not run, or only just started because they keep dying."""
    up = set()
    for process in psutil.Process(os.getppid()).children():
        try:
            if time.time() - process.create_time() > 2:
                up.add(process.environ()["SUPERVISOR_PROCESS_NAME"])
        except (psutil.Error, KeyError):
            continue
    logs = log_path(settings.monitor_data_dir, "*")
    expected = {path.stem for path in logs.parent.glob(logs.name)} - {"manager"}
    return sorted(expected - up)


def _reachable(address: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(address, address)  # noqa: S104  # nosec B104


if __name__ == "__main__":
    raise SystemExit(main(settings_of_program()))
