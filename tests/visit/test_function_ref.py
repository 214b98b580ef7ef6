"""A handler is found again by name in another process; a file of handlers is loaded; what cannot be says what to do."""

from __future__ import annotations

import functools
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import gossamer.api.crawler  # noqa: F401  # so that no test imports numpy, which cannot be imported again
from gossamer.values.errors import UserError
from gossamer.visit import function_ref
from gossamer.visit.function_ref import FunctionRef, function_at, reference_to
from gossamer.visit.handlers import Handler, marked
from gossamer.visit.page import Page


@pytest.fixture(autouse=True)
def nothing_stays_imported() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def write(path: Path, text: str) -> str:
    path.write_text(textwrap.dedent(text))
    return str(path)


def on_top(_page: Page) -> None:
    """Can be found."""


class Shop:
    @staticmethod
    def handler(_page: Page) -> None:
        """Can be found, too."""


@pytest.mark.parametrize("function", [on_top, Shop.handler])
def test_a_function_at_the_top_of_a_module_is_found_again(function: Callable[[Page], Any]) -> None:
    assert reference_to(function) == FunctionRef(__name__, str(Path(__file__)), function.__qualname__)
    assert function_at(reference_to(function)) is function


def test_what_others_cannot_find_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def inside(_page: Page) -> None:
        """Is defined in a function."""

    notebook = ModuleType("__main__")
    exec("def cell(page): ...", vars(notebook))
    wrapped = functools.wraps(on_top)(lambda page: None)
    with pytest.raises(UserError, match=r"A lambda cannot be found by other processes, .* as a def at the top"):
        reference_to(lambda page: None)
    with pytest.raises(UserError, match=r"The handler inside is defined inside another function, .* to the top"):
        reference_to(inside)
    with pytest.raises(UserError, match=r"is no plain function, so worker processes cannot run it: wrap it in one"):
        reference_to(functools.partial(on_top))
    with pytest.raises(UserError, match=r"The handler on_top is not what .*\.on_top names, .* be the outermost"):
        reference_to(wrapped)
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    with pytest.raises(UserError, match=r"The handler cell lives in a notebook or an inter.* into a file"):
        reference_to(notebook.cell)


# ---------------------------------------------------------------- scripts: a worker imports __main__ under another name

GUARDED = """
    import gossamer, pickle, sys
    from helper import TITLE

    crawler = gossamer.Crawler("https://example.org/")

    @crawler.on()
    def article(page):
        return {"title": TITLE + page.title, "name": __name__}

    if __name__ == "__main__":
        from gossamer.visit.visitor import Work
        sys.stdout.buffer.write(pickle.dumps(Work(crawler.policy, 1, handlers=tuple(crawler._handlers))))
"""
BARE = """
    import gossamer, pickle, sys
    from gossamer.testing import RecordedFetcher
    from helper import TITLE

    crawler = gossamer.Crawler("https://example.org/", fetcher=RecordedFetcher.of_site({}))

    @crawler.on()
    def article(page):
        return {"title": TITLE + page.title, "name": __name__}

    from gossamer.visit.visitor import Work
    work = pickle.dumps(Work(crawler.policy, 1, handlers=tuple(crawler._handlers)))
    try:
        crawler.run()
    except Exception:
        pass
    sys.stdout.buffer.write(work)
    assert __name__ == "__main__", "a worker stops where the crawl begins"
"""
WORKER = """
    import pickle, sys
    from gossamer.visit.handlers import Due
    from gossamer.visit.page import Page
    [handler] = pickle.loads(sys.stdin.buffer.read()).handlers
    again = pickle.loads(pickle.dumps(handler))
    assert again.function is handler.function, "found where it was loaded before"
    sys.stdout.write(Due(handler, Page.of("<title>x</title>")).run().items[0].line.decode())
"""


@pytest.mark.parametrize("script", [GUARDED, BARE], ids=["guarded", "bare"])
def test_a_handler_in_a_script_runs_in_a_worker(script: str, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("TITLE = 'The '")
    (tmp_path / "shop.py").write_text(textwrap.dedent(script))
    command = [sys.executable, str(tmp_path / "shop.py")]
    work = subprocess.run(command, check=True, timeout=60, capture_output=True).stdout
    worker = [sys.executable, "-c", textwrap.dedent(WORKER)]
    done = subprocess.run(worker, check=True, timeout=60, capture_output=True, input=work, cwd="/")
    assert done.stdout.decode().endswith('"title":"The x","name":"__gossamer_main__"}\n')


def test_a_script_is_loaded_once_and_not_as_the_main_module(tmp_path: Path) -> None:
    file = write(tmp_path / "shop.py", "def rest(page): ...\nassert __name__ == '__gossamer_main__'")
    rest = function_at(FunctionRef("__main__", file, "rest"))
    assert function_at(FunctionRef("__main__", file, "rest")) is rest
    other = write(tmp_path / "other.py", "def rest(page): ...")
    assert function_at(FunctionRef("__main__", other, "rest")) is not rest


def test_a_module_run_by_its_name_is_found_by_its_name(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "run.py").write_text(
        "from gossamer.visit.function_ref import reference_to\n"
        "def handler(page): ...\n"
        "print(reference_to(handler).module)\n"
    )
    command = [sys.executable, "-m", "shop.run"]
    done = subprocess.run(command, check=True, timeout=60, capture_output=True, cwd=tmp_path, text=True)
    assert done.stdout == "shop.run\n"


UNGUARDED = """
    from pathlib import Path
    from gossamer import Crawler
    from gossamer.testing import RecordedFetcher

    with Path("runs").open("a") as runs:
        runs.write(f"{__name__}\\n")
    web = RecordedFetcher({"https://a.example/": "<title>Silk</title>"})
    crawler = Crawler("https://a.example/", engine="processes", workers=2, fetcher=web, delay=0)

    @crawler.on()
    def title(page):
        yield {"title": page.title}

    print(crawler.run().items["title"].items)
"""


@pytest.mark.parametrize("command", [["-m", "shop.run"], ["-c", "import shop.run"], ["shop/run.py"]])
def test_no_worker_starts_workers_however_a_crawl_without_a_guard_was_begun(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    write(tmp_path / "shop" / "run.py", UNGUARDED)
    done = subprocess.run(
        [sys.executable, *command], check=False, timeout=60, capture_output=True, cwd=tmp_path, text=True
    )
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "", 0)
    assert 2 <= len((tmp_path / "runs").read_text().splitlines()) <= 3, "once, and once for each worker"


def test_a_package_that_crawls_when_it_is_imported_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    write(tmp_path / "shop" / "__init__.py", "from gossamer import Crawler\nCrawler('https://a.example/').run()")
    file = write(tmp_path / "shop" / "run.py", "def rest(page): ...")
    sys.path.insert(0, str(tmp_path))
    with pytest.raises(UserError, match=r"run\.py is in a package that crawls when it is imported: crawl elsewhere\."):
        function_at(FunctionRef("shop.run", file, "rest"))


def test_a_module_that_was_imported_up_to_its_crawl_is_part_of_its_package(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    text = "def rest(page): ...\nfrom gossamer import Crawler\nCrawler('https://a.example/').run()\nassert False"
    file = write(tmp_path / "shop" / "run.py", text)
    sys.path.insert(0, str(tmp_path))
    rest = function_at(FunctionRef("shop.run", file, "rest"))
    assert sys.modules["shop"].run.rest is rest


# ---------------------------------------------------------------- files of handlers


MARKED = """
    import gossamer
    from beside import *

    @gossamer.on("/shop/*")
    @gossamer.on("/sale/*")
    def prices(page): ...

    @gossamer.on()
    def rest(page): ...

    def helper(page): ...
"""


def test_marked_functions_of_a_file_are_its_handlers(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("")
    found = marked(write(tmp_path / "shop.py", MARKED))
    assert [(one.name, one.pattern) for one in found] == [("prices", "/shop/*"), ("prices", "/sale/*"), ("rest", "")]
    assert function_at(reference_to(found[0].function)) is found[0].function
    place = reference_to(found[2].function)
    del sys.modules[place.module]
    assert function_at(place).__name__ == "rest", "loaded again from its file"


def test_a_module_of_handlers_is_loaded_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "shop_handlers.py", MARKED.replace("from beside import *", ""))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert len(marked("shop_handlers")) == 3


def test_a_file_that_runs_a_crawl_is_loaded_up_to_there(tmp_path: Path) -> None:
    text = """
        import gossamer
        @gossamer.on()
        def rest(page): ...
        for page in gossamer.crawl("https://example.org/"):
            raise ValueError("never")
    """
    assert [one.name for one in marked(write(tmp_path / "shop.py", text))] == ["rest"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1", r"shop\.py has no handlers: mark functions there with @gossamer\.on\(PATTERN\)\."),
        ("import nowhere.at_all", r"shop\.py cannot be loaded: ModuleNotFoundError: .* \(line 1\)\."),
        ("\ndef (", r"shop\.py cannot be loaded: SyntaxError: [^()]* \(line 2\)\."),
        ("import gossamer\n@gossamer.on('x')\ndef f(page): ...", "The pattern 'x' can match no URL"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_why(text: str, sentence: str, tmp_path: Path) -> None:
    modules = set(sys.modules)
    with pytest.raises(UserError, match=sentence):
        marked(write(tmp_path / "shop.py", text))
    assert sentence.startswith("shop\\.py has") or not [name for name in set(sys.modules) - modules if "shop" in name]


def test_an_interruption_ends_the_loading(tmp_path: Path) -> None:
    modules = set(sys.modules)
    with pytest.raises(KeyboardInterrupt):
        marked(write(tmp_path / "shop.py", "raise KeyboardInterrupt"))
    assert not [name for name in set(sys.modules) - modules if "shop" in name]


@pytest.mark.parametrize("name", ["gone_entirely", "gone.handlers", "gossamer.gone", ".gone", "notes.txt", "a/b"])
def test_what_is_neither_a_file_nor_a_module_is_told_how_to_name_both(name: str) -> None:
    with pytest.raises(UserError) as told:
        marked(name)
    assert str(told.value) == (
        f"{name} is neither a Python file nor a module: name a file that ends in .py, such as handlers.py, "
        "or a module by its dotted name, such as mypackage.handlers."
    )


def test_a_module_that_imports_what_is_not_there_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "half_a_shop.py", "import nowhere.at_all")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match="half_a_shop cannot be loaded: ModuleNotFoundError: No module named 'nowhere'"):
        marked("half_a_shop")


def test_what_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*gone\.py to load handlers from"):
        marked(str(tmp_path / "gone.py"))
    file = write(tmp_path / "shop.py", "x = 1")
    with pytest.raises(UserError, match=r"shop\.py has no rest when it is imported: define it before the crawl begins"):
        function_at(FunctionRef("__gossamer_shop__", file, "rest"))
    broken = write(tmp_path / "broken.py", "import nowhere")
    sys.path.insert(0, str(tmp_path))
    with pytest.raises(UserError, match=r"broken\.py cannot be loaded: ModuleNotFoundError: No module named 'nowhere'"):
        function_at(FunctionRef("broken", broken, "rest"))


def test_a_handler_that_is_any_callable_has_a_name() -> None:
    assert Handler(functools.partial(on_top)).name == "partial"
    assert function_ref.reference_to(on_top).name == "on_top"


def test_a_module_that_its_package_imports_is_executed_once(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("from shop.run import rest")
    file = write(tmp_path / "shop" / "run.py", "def rest(page): ...")
    sys.path.insert(0, str(tmp_path))
    rest = function_at(FunctionRef("shop.run", file, "rest"))
    assert sys.modules["shop"].rest is rest


def test_a_package_inside_a_package_is_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "shop" / "inner").mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").write_text("")
    file = write(tmp_path / "shop" / "inner" / "__init__.py", "def rest(page): ...")
    sys.path.insert(0, str(tmp_path))
    rest = function_at(FunctionRef("shop.inner", file, "rest"))
    assert sys.modules["shop"].inner.rest is rest


def test_a_module_whose_package_only_the_first_process_had_is_loaded_from_its_file(tmp_path: Path) -> None:
    file = write(tmp_path / "site.py", "def rest(page): ...")
    assert function_at(FunctionRef("plugins.site", file, "rest")).__name__ == "rest"


def test_a_mere_folder_has_no_handlers(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    sys.path.insert(0, str(tmp_path))
    with pytest.raises(UserError, match="folder has no handlers"):
        marked("folder")
