import gzip
import re

import pytest
from flask import Flask, render_template_string, url_for

from app.web import assets

MAIN = "// The entry.\nimport { one } from './views/one.js'\none()\n"
ONE = "import '../two.js'\nexport const one = () => {}\n"
TWO = "".join(f"export const name{at} = {at}\n" for at in range(99))
PAGE = "{{ url_for('static', filename='js/main.js') }}"
FOR_GOOD = "public, max-age=31536000, immutable"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "secret.js").write_text("not below the root")
    root = tmp_path / "static"
    (root / "js/views").mkdir(parents=True)
    for name, text in {"js/main.js": MAIN, "js/views/one.js": ONE, "js/two.js": TWO, "js/.env": "no asset"}.items():
        (root / name).write_text(text)
    return root


@pytest.fixture
def client(root):
    app = Flask(__name__, static_folder=None)
    assets.init_app(app, root)
    app.add_url_rule("/", view_func=lambda: render_template_string(PAGE))
    return app.test_client()


def test_an_address_holds_the_digest_of_all_files_and_is_kept_for_good(client):
    address = client.get("/").text
    answer = client.get(address)

    assert re.fullmatch(r"/static/[0-9a-f]{12}/js/main\.js", address)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, FOR_GOOD)
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "import" not in answer.text, "joined with what it imports"
    assert "=98" in answer.text


def test_an_address_without_a_digest_works_and_is_asked_about_each_time(client):
    answer = client.get("/static/js/two.js")
    again = client.get("/static/js/two.js", headers={"If-None-Match": answer.headers["ETag"]})

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Vary"] == answer.headers["Vary"] == "Accept-Encoding"


def test_gzip_goes_to_those_who_take_it_under_an_etag_of_its_own(client):
    plain, zipped, refused = (
        client.get("/static/js/two.js", headers={"Accept-Encoding": codings})
        for codings in ("", "deflate, gzip;q=0.5", "gzip;q=0, identity")
    )

    assert [answer.headers.get("Content-Encoding") for answer in (plain, zipped, refused)] == [None, "gzip", None]
    assert gzip.decompress(zipped.data) == plain.data == refused.data
    assert zipped.content_length == len(zipped.data) < len(plain.data) / 2
    assert zipped.headers["ETag"] != plain.headers["ETag"] == refused.headers["ETag"]


def test_a_changed_file_shows_when_the_page_is_loaded_again(client, root):
    before = client.get("/").text
    (root / "js/main.js").write_text("new()")
    (root / "js/two.js").unlink()

    assert client.get(before).text.startswith("const "), "until then a page gets the files that it was made for"
    after = client.get("/").text
    assert client.get(after).text == "new()"
    assert (client.get(before).text, client.get(before).headers["Cache-Control"]) == ("new()", "no-cache")
    assert client.get("/static/js/two.js").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["../secret.js", "js/../../secret.js", "%2e%2e/secret.js", "js/%2e%2e/%2e%2e/secret.js", "/etc/passwd", "js", "js/",
     "js/.env", "js/main.js/", "js/main.js%00", "0123456789ab/../../secret.js", "js\\main.js"],
)  # fmt: skip
def test_nothing_but_the_files_below_the_root_is_served(client, path):
    assert client.get(f"/static/{path}", follow_redirects=True).status_code == 404


def test_templates_name_files_as_ever(client):
    with client.application.test_request_context():
        assert url_for("static", filename="js/main.js").endswith("/js/main.js")
