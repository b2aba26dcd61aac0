import pytest

from app.web.joiner import CannotJoin, imports_of, join_all
from tests.app.web.test_minifier import STATIC, run_node

MODULES = {
    "js/main.js": "import { shown as text } from './views/one.js'\nimport {\n  first,\n  Second,\n} from './two.js'\n"
    "import './effect.js'\nconsole.log(text(), first, new Second().name, await third, globalThis.effects)\n"
    "const third = 0\n".replace("await third", "await Promise.resolve(3)"),
    "js/views/one.js": "import { first } from '../two.js'\nconst own = 1\n"
    "export function shown() {\n  return `one ${own + first}\n  import { text } from './text.js'`\n}\n"
    "export const place = new URL('../a.json', import.meta.url)\n",
    "js/two.js": "export const first = 1\nconst own = 'two'\nexport class Second {\n  name = own\n}\n"
    "export async function* third() {}\nexport function* fourth() {}\nexport async function fifth() {}\n",
    "js/effect.js": "globalThis.effects = (globalThis.effects ?? 0) + 1\n",
    "js/model/types.js": "export {}\n",
}


def test_a_joined_module_does_what_its_parts_do():
    joined = join_all(MODULES)

    answer = run_node(joined["js/main.js"])

    assert answer.stderr == ""
    assert answer.stdout == "one 2\n  import { text } from './text.js' 1 two 3 1\n"
    assert {name: joined[name] for name in MODULES if name != "js/main.js"} == {
        name: MODULES[name] for name in MODULES if name != "js/main.js"
    }


def test_a_module_still_knows_where_it_is():
    joined = join_all(MODULES)["js/main.js"]

    assert "new URL('views/one.js', import.meta.url).href" in joined


def test_a_sheet_is_joined_with_those_it_imports_in_their_order():
    sheets = {"css/a.css": '@import "b.css";\n@import "c.css";\n\na {}', "css/b.css": "b {}", "css/c.css": "c {}"}

    assert join_all(sheets)["css/a.css"].split() == ["b", "{}", "c", "{}", "a", "{}"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import './two.js'\nimport one from './two.js'", "import one"),
        ("import './two.js'\nimport * as two from './two.js'", "import \\*"),
        ("export default 1\nimport './two.js'", "export default"),
        ("export let one = 1\nimport './two.js'", "export let"),
        ("export * from './two.js'\nimport './two.js'", "export \\*"),
        ("import { one } from './two.js'", "exports no one"),
        ("import { one } from './nowhere.js'", "nowhere.js: imported"),
        ("import { one } from './three.js'", "imports itself by way of"),
    ],
)
def test_what_is_not_understood_is_not_joined(source, why):
    sources = {
        "js/one.js": source,
        "js/two.js": "",
        "js/three.js": "import './four.js'",
        "js/four.js": "import './three.js'",
    }

    with pytest.raises(CannotJoin, match=why):
        join_all(sources)


def test_what_the_pages_load_imports_nothing_any_more():
    joined = join_all({path.relative_to(STATIC).as_posix(): path.read_text() for path in STATIC.rglob("*.[jc]s*")})

    for name in ("js/main.js", "js/account_pages.js", "css/monitor.css", "css/door.css"):
        assert imports_of(name, joined[name]) == []
