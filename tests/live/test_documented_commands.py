"""Runs every command of README and docs as it stands there, against a panel that `make run` has started.

A command that cannot run here is in `ELSEWHERE`, with the reason; any other that does not run is a failure. Port 8000
may be taken: the panel listens on PORT, and a curl configuration of our own sends requests for 8000 there.
"""

import contextlib
import os
import re
import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import fields

import psutil
import pyotp
import pytest
from click import Context, Group

from app import create_app
from app.accounts.accounts import Accounts
from app.accounts.encryption import Cipher
from app.accounts.principals import Role
from app.accounts.second_factors import SecondFactors
from app.accounts.sessions import Origin
from settings import Settings, load_settings
from store.database import make_engine
from store.samples.live import LiveStore, redis_client
from tests.documents import ROOT, Command, commands_in_blocks, commands_in_sentences
from tests.logins import PASSWORD
from tests.process import free_port, wait_until
from tests.stack import Stack
from tests.web import SECRET_KEY

pytestmark = pytest.mark.live

ELSEWHERE = {
    r"docker |make (up|down|test-containers)\b": "needs a container engine: `make test-containers`",
    r"make test\b": "it runs this very test",
    r"make run\b": "it started the panel of this test",
    r"[A-Z_]+=(?!\$\()\S+": "settings; a test below checks that they exist",
    r"upstream |location |proxy_|server ": "part of nginx's configuration: tests/deploy/test_nginx.py",
    r"ACL SETUSER |rabbitmqctl |(connection|channel|exchange|queue|basic|confirm)\.|CREATE ROLE |GRANT ": (
        "least rights: tests/live/test_least_rights.py runs under them"
    ),
    r"import |from |collector\.report": "Python: tests/live/test_reports.py",
}
"""How commands begin that cannot run here, with the reason."""

PERSON = "person@example.org"
BLOCKS = commands_in_blocks()
COMMANDS = [
    *BLOCKS,
    *(
        each
        for each in commands_in_sentences()
        if re.match(r"make burst|curl .*:8000/", each.text) and each.bare not in [known.bare for known in BLOCKS]
    ),
]
"""Other commands in sentences are only named, without their arguments."""
RUN = re.compile(r"(curl|make|flask|\.venv/bin/flask|python|pip|gunicorn) |[A-Z_]+=\$\(\.venv/bin/flask ")
"""How commands begin that the test runs. The shell gets nothing else, because it might do harm."""

ASSIGNMENT = re.compile(r"([A-Z_]+)=\$\(")


class DocumentedStack(Stack):
    """`make run`, as written, with the two settings that README names for a second copy."""

    def __init__(self) -> None:
        super().__init__()
        self.environ = {
            "PORT": str(self.port),
            "MONITOR_DATA_DIR": str(self.data_dir),
            "SAMPLE_INTERVAL_S": "0.5",
            "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
            "CURL_HOME": str(self.directory),
        }
        (self.directory / ".curlrc").write_text(
            f'connect-to = "127.0.0.1:8000:127.0.0.1:{self.port}"\nfail\nsilent\nshow-error\n'
        )

    def start(self) -> None:
        self._run(["bash", "-c", f"cd {ROOT} && exec make run"], self.environ)

    def is_ready(self) -> bool:
        try:
            return self.get("/healthz", role=None).status == 200
        except OSError:
            return False

    def type(self, command: str, *, told: str = "", environ: dict[str, str]) -> str:
        """Run a command that ends by itself; answer its questions with `told`. Returns what it prints."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            env={**os.environ, **self.environ, **environ},
            input=told,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            start_new_session=True,  # Without a terminal, so that a question is put to us.
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextlib.contextmanager
    def going_on(self, command: str, **environ: str) -> Iterator[Callable[[], str]]:
        """Run a command that does not end by itself, and end it as Ctrl-C would. Yields its output so far."""
        path = self.directory / secrets.token_hex(4)
        with path.open("wb") as log:
            process = psutil.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=ROOT,
                env={**os.environ, **self.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            yield lambda: path.read_text(errors="replace")
            assert process.poll() is None, path.read_text()
        finally:
            everything = [process, *process.children(recursive=True)] if process.is_running() else [process]
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
            _, alive = psutil.wait_procs(everything, timeout=60)
            for left in alive:
                left.kill()
            process.wait()


@pytest.fixture(scope="module")
def panel() -> Iterator[DocumentedStack]:
    with DocumentedStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def accounts(panel: DocumentedStack) -> Iterator[Accounts]:
    """The panel's accounts, with a person who is signed in and has a second factor."""
    engine = make_engine(f"sqlite:///{panel.data_dir / 'monitor.sqlite3'}")
    accounts = Accounts(engine)
    accounts.create_user(PERSON, PASSWORD, Role.SUPER_ADMIN)
    person = accounts.check_password(PERSON, PASSWORD)
    assert person is not None
    secret = pyotp.random_base32(32)
    cipher = Cipher((panel.data_dir / "secret_key").read_text(), "second factor")
    enrolled = SecondFactors(engine, cipher, accounts.sessions).enrol(person, secret, pyotp.TOTP(secret).now())
    assert enrolled is not None
    person, _ = enrolled
    accounts.open_session_for(person, Origin("password", "127.0.0.1", "curl"))
    yield accounts
    engine.dispose()


@pytest.fixture(scope="module")
def variables(panel: DocumentedStack) -> dict[str, str]:
    """The values of the documents' own `NAME=$(…)`."""
    assignments = [(found[1], each) for each in COMMANDS if (found := ASSIGNMENT.match(each.text))]
    return {name: panel.type(f'{each.text}\nprintf %s "${name}"', environ={}) for name, each in assignments}


def is_elsewhere(command: Command) -> bool:
    return any(re.match(beginning, command.text) for beginning in ELSEWHERE)


def filled(text: str, accounts: Accounts) -> str:
    """The command with its capital placeholders filled in."""
    (session,) = accounts.sessions.list(PERSON) or [None]
    text = re.sub(r"\[?\bEMAIL\b\]?", PERSON, text)
    return re.sub(r"(?<= )ID\b", session.id if session else "ID", text)


@pytest.mark.parametrize(
    "command", [each for each in COMMANDS if not is_elsewhere(each)], ids=lambda command: command.bare[:60]
)
def test_a_documented_command_does_what_it_says(
    command: Command, panel: DocumentedStack, accounts: Accounts, variables: dict[str, str]
) -> None:
    assert RUN.match(command.text), f"{command}: neither run here nor in ELSEWHERE, with the reason"
    text = filled(command.text, accounts)
    host = f"documented-{secrets.token_hex(3)}"
    if ASSIGNMENT.match(text):
        assert variables[text.partition("=")[0]]
    elif "/stream" in text:
        with panel.going_on(text, **variables) as written:
            wait_until(lambda: "event: system_stats" in written(), what=text)
    elif text.startswith("gunicorn"):
        port = str(free_port())
        with panel.going_on(text, PORT=port, SECRET_KEY=SECRET_KEY) as written:
            wait_until(lambda: _answers(port), what=text)
    elif text.startswith("python -m collector"):
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(redis_client(panel.redis_url))
            store = LiveStore(client)
            stack.enter_context(panel.going_on(text, MONITOR_HOST=host))
            if " worker" not in text:
                wait_until(lambda: store.list_length(f"stats.{host}") > 0, what=text)
                return
            if "--beat" not in text:
                stack.enter_context(panel.going_on("python -m collector beat", MONITOR_HOST=host))
            wait_until(lambda: host in [each.host for each in store.hosts()], what=text)
            store.forget_host(host)
    else:
        told = f"{PASSWORD}\n" * 2 if "users create" in text else ""
        panel.type(text, told=told, environ=variables)


def _answers(port: str) -> bool:
    return (
        subprocess.run(["curl", "-fsS", f"http://127.0.0.1:{port}/livez"], capture_output=True, check=False).returncode
        == 0
    )


def test_the_settings_in_blocks_are_settings() -> None:
    names = {row.name.upper() for row in fields(Settings)}
    used = {name for each in BLOCKS for name in re.findall(r"(?:^|\s)(MONITOR\w*)=", each.text)}

    assert {name.removesuffix("_FILE") for name in used} - names == set()


def test_every_command_in_a_sentence_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+(?: [a-z-]+)*):", (ROOT / "Makefile").read_text(), flags=re.M))
    known = {target for line in targets for target in line.split()}
    app = create_app(load_settings({"SECRET_KEY": SECRET_KEY}))
    commands = [each.bare for each in commands_in_sentences()]

    missing = [text for text in commands if text.startswith("make ") and text.split()[1] not in {*known, "bench-…"}]
    flask = [re.sub(r".*flask --app app ", "", text) for text in commands if "flask --app app " in text]

    assert missing == []
    assert [text for text in flask if text != "…" and not _is_known(app.cli, text.split())] == []


def _is_known(group: Group, words: list[str]) -> bool:
    """Whether a command line names an existing command (`a|b`: each) and existing options."""
    if words == ["…"]:  # Any of them.
        return True
    names = words[0].split("|")
    found = [group.get_command(Context(group), name) for name in names]
    if not all(found):
        return False
    if isinstance(found[0], Group) and len(words) > 1:
        return _is_known(found[0], words[1:])
    options = {option for parameter in found[0].params for option in parameter.opts}
    return all(word in options for word in words if word.startswith("--"))
