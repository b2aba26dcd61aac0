"""What is sent does what was written."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from app.web.assets import Assets
from app.web.minifier import minify

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "static"

HARD = r"""
/** A class. */
export class Counter {
  #count = 0 // private
  #plot
  static { Counter.first = `a  ${`b  ${1 + 1} // text`}  /* text */ c` }
  get count() { return this.#count }
  async *each() { for await (const one of this.all ?? []) yield one?.[0] ?? /[/*"`]\//gu.test(one) }
  has(other) { return #plot in other }
}
let at = 1
++at
const { half = at / 2 / 1 } = {}, text = 'it\'s // no comment'
for (const found of /a  "b/.exec('a  "b')) at += found.length
console.log(JSON.stringify([Counter.first, new Counter().has(new Counter()), at, half, text]))
"""


def text_of(assets: Assets, name: str) -> str:
    asset = assets.find(name)
    assert asset is not None
    return asset.body.decode()


def run_node(module: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["node", *options, "--input-type=module", "-"]
    return subprocess.run(command, input=module, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def assets():
    return Assets(STATIC)


def test_the_tests_of_the_modules_pass_on_what_is_sent(assets, tmp_path):
    for name in ("static", "tests/js"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("vendor"))
    shutil.copy(ROOT / "package.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    for path in (tmp_path / "static").rglob("*.js"):
        path.write_text(text_of(assets, path.relative_to(tmp_path / "static").as_posix()), encoding="utf-8")
    # That of the catalogue looks for keys in the sources; all others run what they import.
    tests = [path for path in (tmp_path / "tests/js").glob("*.test.js") if path.name != "catalogue.test.js"]

    answer = subprocess.run(["node", "--test", *tests], capture_output=True, text=True, check=False, timeout=60)

    assert answer.returncode == 0, answer.stdout


def test_what_is_sent_is_javascript(assets):
    names = ["js/main.js", "js/account_pages.js", "js/theme-boot.js"]
    modules = json.dumps({name: text_of(assets, name) for name in names})

    answer = run_node(
        f"import vm from 'node:vm'\n"
        f"for (const [name, text] of Object.entries({modules})) new vm.SourceTextModule(text, {{ identifier: name }})",
        "--experimental-vm-modules", "--no-warnings",
    )  # fmt: skip

    assert (answer.stdout, answer.stderr) == ("", "")


def test_hard_syntax_keeps_its_meaning():
    before, after = HARD, minify({"hard.js": HARD})["hard.js"]

    assert run_node(before).stdout == run_node(after).stdout != ""
    assert len(after) < len(before) * 0.8


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.json")), ids=lambda path: path.relative_to(STATIC).as_posix())
def test_a_catalogue_says_the_same(assets, path):
    assert json.loads(text_of(assets, path.relative_to(STATIC).as_posix())) == json.loads(
        path.read_text(encoding="utf-8")
    )


def test_a_file_with_a_slip_is_sent_as_it_is_and_the_others_are_not_held_up(caplog):
    sent = minify({"js/slip.js": "let  = {", "js/fine.js": "let  one  =  1", "js/vendor.min.js": "let  two"})

    assert sent == {"js/slip.js": "let  = {", "js/fine.js": "let one=1", "js/vendor.min.js": "let  two"}
    assert "js/slip.js" in caplog.text


def test_without_the_minifier_files_are_sent_as_they_are(monkeypatch, caplog):
    monkeypatch.setattr("app.web.minifier.sys.executable", "/bin/false")

    assert minify({"js/fine.js": "let  one  =  1"}) == {"js/fine.js": "let  one  =  1"}
    assert "as they are written" in caplog.text
