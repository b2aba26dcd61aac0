"""Browsers get a real build of the page's files, or the files themselves."""

import gzip
import json
import re
import subprocess
from pathlib import Path

import brotli
import pytest
from flask import Flask, render_template_string, url_for

from app.web import assets
from tests.app.web.clone import ROOT, build, make_clone

SOURCES = {
    "js/main.js": "// The entry.\nimport { one } from './views/one.js'\none()\n",
    "js/views/one.js": "import { names } from '../two.js'\nexport const one = () => console.log(names)\n",
    "js/two.js": "export const names = [" + ", ".join(f"'name {at}'" for at in range(200)) + "]\n",
    "js/account_pages.js": "export {}\n",
    "js/theme-boot.js": "{\n  const name = 1\n}\n",
    "js/.env": "no asset",
    "css/monitor.css": '@import "tokens.css";\n@import "cards.css";\n',
    "css/tokens.css": "a { color: red; }\n",
    "css/cards.css": "b { color: blue; }\n",
    "css/sign_in.css": '@import "tokens.css";\n',
    "css/account.css": "",
    "locales/en.json": '{\n  "a key": "ça"\n}\n',
    "favicon-ok.svg": "<svg/>\n",
}
FOR_GOOD = "public, max-age=31536000, immutable"
ESBUILD = '"node_modules/esbuild": {\n      "version": "'
MAIN = "{{ url_for('static', filename='js/main.js') }}"


@pytest.fixture
def clone(tmp_path):
    for name, text in SOURCES.items():
        path = tmp_path / "written" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone/secret.js").write_text("not below the root")
    return make_clone(tmp_path / "clone", tmp_path / "written")


@pytest.fixture
def static(clone):
    return clone / "static"


@pytest.fixture
def client(static):
    app = Flask(__name__, static_folder=None)
    assets.init_app(app, static)
    app.add_url_rule("/", view_func=lambda: render_template_string(MAIN))
    return app.test_client()


@pytest.fixture
def get(client):
    def get(path, **headers):
        return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return get


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The build of the page as it is."""
    clone = make_clone(tmp_path_factory.mktemp("page"))
    answer = build(clone)
    assert answer.returncode == 0, answer.stderr
    (folder,) = (clone / "static/built").iterdir()
    return folder


def test_the_address_of_a_built_file_holds_a_digest_and_is_kept_for_good(clone, get):
    build(clone)

    address = get("/").text
    answer = get(address)

    assert re.fullmatch(r"/static/[0-9a-f]{12}-[0-9a-f]{8}/js/main\.js", address)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, FOR_GOOD)
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "import" not in answer.text, "bundled with what it imports"
    assert "name 199" in answer.text


def test_without_a_build_files_are_served_as_they_are_and_asked_about_each_time(static, get):
    address = get("/").text
    answer = get(address, Accept_Encoding="br, gzip")
    again = get(address, If_None_Match=answer.headers["ETag"])

    assert address == "/static/js/main.js"
    assert answer.text == (static / "js/main.js").read_text()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", "no-cache")
    assert again.headers["Vary"] == answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("codings", "chosen", "unpack"),
    [("", None, bytes), ("gzip;q=0, identity", None, bytes), ("deflate, gzip;q=0.5", "gzip", gzip.decompress),
     ("gzip, deflate, br, zstd", "br", brotli.decompress), ("gzip, br;q=0", "gzip", gzip.decompress)],
)  # fmt: skip
def test_a_built_file_goes_out_as_the_client_takes_it_under_an_etag_of_its_own(clone, get, codings, chosen, unpack):
    build(clone)
    address = get("/").text
    plain = get(address)

    answer = get(address, Accept_Encoding=codings)
    again = get(address, Accept_Encoding=codings, If_None_Match=answer.headers["ETag"])

    assert answer.headers.get("Content-Encoding") == chosen
    assert unpack(answer.data) == plain.data
    assert answer.content_length == len(answer.data)
    assert (answer.headers["ETag"] == plain.headers["ETag"]) == (chosen is None)
    assert answer.headers["Content-Type"] == plain.headers["Content-Type"]
    assert (again.status_code, again.headers["Vary"]) == (304, "Accept-Encoding")


def test_a_build_of_other_sources_is_never_served(clone, static, get):
    build(clone)
    before = get("/").text
    (static / "js/main.js").write_text("edited()")
    (static / "js/two.js").unlink()

    assert get("/").text == "/static/js/main.js"
    assert get("/static/js/main.js").text == get(before).text == "edited()"
    assert get(before).headers["Cache-Control"] == "no-cache", "a page from before gets what it lacks, not for good"

    assert build(clone).returncode == 0
    after = get("/").text
    assert before != after != "/static/js/main.js"
    assert "edited()" in get(after).text
    assert len(list((static / "built").iterdir())) == 1


def test_the_addresses_follow_the_sources_back(clone, static, get):
    build(clone)
    before = get("/").text
    original = (static / "css/tokens.css").read_text()
    (static / "css/tokens.css").write_text("a {}")
    edited = get("/").text
    (static / "css/tokens.css").write_text(original)

    assert edited != before == get("/").text


@pytest.mark.parametrize(
    ("name", "then", "now"),
    [("package-lock.json", ESBUILD, f"{ESBUILD}1."), ("build.js", "target: 'es2022'", "target: 'es2023'")],
)
def test_a_build_of_the_same_sources_by_other_tools_has_another_address(clone, get, name, then, now):
    build(clone)
    before, tool = get("/").text, clone / name
    assert tool.read_text().count(then) == 1
    tool.write_text(tool.read_text().replace(then, now))

    assert build(clone).returncode == 0

    assert before != get("/").text != "/static/js/main.js"
    assert len(list((clone / "static/built").iterdir())) == 1


@pytest.mark.parametrize("is_built", [False, True])
@pytest.mark.parametrize(
    "path",
    ["../secret.js", "js/../../secret.js", "%2e%2e/secret.js", "js/%2e%2e/%2e%2e/secret.js", "/etc/passwd", "js", "js/",
     "js/.env", "js/main.js/", "js/main.js%00", "js/main.js.br", "0123456789ab-01234567/../../secret.js",
     "js\\main.js"],
)  # fmt: skip
def test_nothing_but_the_files_below_the_root_is_served(clone, client, path, is_built):
    if is_built:
        build(clone)

    answer = client.get(f"/static/{path}", headers={"Accept-Encoding": "br"}, follow_redirects=True)

    assert answer.status_code == 404


def test_a_sheet_is_built_with_those_it_imports_in_their_order(clone, static):
    build(clone)

    (sheet,) = (static / "built").glob("*/css/monitor.css")
    assert sheet.read_text() == "a{color:red}b{color:#00f}\n"


def test_what_is_built_is_not_built_again(clone):
    assert [build(clone).stdout != "" for _ in range(2)] == [True, False]


def test_a_source_with_a_slip_is_named_and_leaves_what_was_built(clone, static):
    build(clone)
    built = list((static / "built").iterdir())
    (static / "js/two.js").write_text("export const names = [")

    answer = build(clone)

    assert answer.returncode != 0
    assert "static/js/two.js:1:22: ERROR" in answer.stderr
    assert list((static / "built").iterdir()) == built


def test_templates_name_files_as_ever(client):
    with client.application.test_request_context():
        assert url_for("static", filename="js/main.js").endswith("/js/main.js")


def test_every_file_that_a_template_names_is_in_the_build(page):
    texts = "".join(path.read_text() for path in (ROOT / "app/templates").rglob("*.html"))
    named = set(re.findall(r"url_for\('static', filename='([\w/.-]+)'[)]", texts))

    assert {"js/main.js", "css/sign_in.css", "locales"} <= named
    assert [name for name in named if not (page / name).exists()] == []
    assert {path.name for path in page.glob("*.svg")} == {path.name for path in (ROOT / "static").glob("*.svg")}


def test_what_is_built_is_javascript_that_imports_nothing(page):
    for name in ("main.js", "account_pages.js", "theme-boot.js"):
        answer = subprocess.run(["node", "--check", page / "js" / name], capture_output=True, text=True, check=False)

        assert answer.returncode == 0, answer.stderr
        assert not re.search(r"\bimport\b", (page / "js" / name).read_text())


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "static/locales").rglob("*.json")))
def test_a_built_catalogue_says_the_same(page, name):
    for path in (ROOT / "static/locales").rglob(name):
        built = page / path.relative_to(ROOT / "static")
        assert json.loads(built.read_text(encoding="utf-8")) == json.loads(path.read_text(encoding="utf-8"))
