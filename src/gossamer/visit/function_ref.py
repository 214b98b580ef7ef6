"""Importing: find a user's function again by its name, in any process; load a file of handlers.

A worker process imports the user's script under another name than `__main__`, so that what stands under
`if __name__ == "__main__":` does not run there. Where a script or module has no such guard its import ends at the
moment it would crawl: what it defined before is all a worker needs, and no worker shall start workers.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from msgspec import Struct

from gossamer.values.errors import UserError

_MAIN: Final = "__main__"
_MAIN_IN_A_WORKER: Final = "__gossamer_main__"
_ALSO_MAIN: Final = (_MAIN, "__mp_main__", _MAIN_IN_A_WORKER)
"""The names under which the user's script may be loaded already; the second is multiprocessing's."""

_loading: ContextVar[bool] = ContextVar("gossamer_loading", default=False)


class Where(Struct, frozen=True):
    """Where a function is: its module, the module's file, and its name there."""

    module: str
    file: str
    name: str


class CrawlBeginsError(BaseException):
    """Ends the import of a script that begins a crawl; no `except Exception` of the user's stands in its way."""


def refuse_while_loading() -> None:
    """End the import that goes on, if any: whoever loads a file wants its functions, not another crawl."""
    if _loading.get():
        raise CrawlBeginsError


def where(function: Callable[..., Any]) -> Where:
    """Tell where a function can be found by other processes. Raises UserError, saying what to do, where it cannot."""
    name, module = getattr(function, "__qualname__", ""), sys.modules.get(getattr(function, "__module__", None) or "")
    if not inspect.isfunction(function):
        raise _unfit(f"The handler {function!r}", "is no plain function", "wrap it in one: def handler(page): …")
    if name.endswith("<lambda>"):
        raise _unfit("A lambda", "cannot be found by other processes", "write it as a def at the top of a file")
    if "<locals>" in name:
        raise _unfit(
            f"The handler {function.__name__}", "is defined inside another function", "move it to the top of its file"
        )
    file = str(Path(getattr(module, "__file__", None) or "").absolute())
    if module is None or (module.__name__ == _MAIN and not Path(file).is_file()):
        raise _unfit(
            f"The handler {name}",
            "lives in a notebook or an interactive session",
            "put it into a file, such as handlers.py, and import it from there",
        )
    if _attribute(module, name) is not function:
        raise _unfit(
            f"The handler {name}",
            f"is not what {module.__name__}.{name} names",
            "let @crawler.on be the outermost of its decorators",
        )
    spec = getattr(module, "__spec__", None)  # a script has none; with `python -m` it says the module's real name
    return Where(spec.name if spec is not None else module.__name__, file, name)


def _unfit(what: str, why: str, advice: str) -> UserError:
    return UserError(f"{what} {why}, so worker processes cannot run it: {advice}.")


def function_at(place: Where) -> Callable[..., Any]:
    """Find a function again. Raises UserError where it is gone."""
    found = _attribute(_module(place), place.name)
    if found is None:
        raise UserError(f"{place.file} has no {place.name} when it is imported: define it before the crawl begins.")
    return found  # type: ignore[no-any-return]  # whatever has that name now


def _attribute(module: ModuleType, name: str) -> Any:
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _module(place: Where) -> ModuleType:
    if place.module == _MAIN:
        for name in _ALSO_MAIN:
            module = sys.modules.get(name)
            file = getattr(module, "__file__", None)
            if module is not None and file and str(Path(file).absolute()) == place.file:
                return module
        return _load_file(place.file, _MAIN_IN_A_WORKER)
    return _loaded(place.file, lambda: _imported_or_loaded(place))


def _imported_or_loaded(place: Where) -> ModuleType:
    try:
        return _import(place.module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{place.module}.".startswith(f"{error.name}."):
            raise
        return _load_file(place.file, place.module)  # a file that only the first process had on its path


def load(file_or_module: str) -> ModuleType:
    """Load a Python file, or a module by its dotted name. Raises UserError where that cannot be."""
    if not file_or_module.endswith(".py"):
        return _loaded(file_or_module, lambda: _imported(file_or_module))
    path = Path(file_or_module).absolute()
    if not path.is_file():
        raise UserError(f"There is no file {file_or_module} to load handlers from.")
    return _load_file(str(path), f"__gossamer_{path.stem}__")


def _imported(module: str) -> ModuleType:
    """Import a module by its whole name. Raises UserError where there is none, and whatever is raised inside it."""
    try:
        if not module.startswith("."):
            return _import(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
    raise UserError(
        f"{module} is neither a Python file nor a module: name a file that ends in .py, such as handlers.py, "
        "or a module by its dotted name, such as mypackage.handlers."
    )


def _load_file(file: str, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None, f"{file} is no Python file"
    folder = str(Path(file).parent)
    if folder not in sys.path:  # as for any script: it may import what lies beside it
        sys.path.insert(0, folder)
    return _loaded(file, lambda: _executed(spec))


def _import(name: str) -> ModuleType:
    """Import a module by its whole name, up to where it would crawl."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    if name in sys.modules or spec.loader is None:  # its package has imported it; or it is a mere folder
        return importlib.import_module(name)
    return _executed(spec)


def _executed(spec: ModuleSpec) -> ModuleType:
    """Do what an import does, but keep what was defined before a crawl begins."""
    assert spec.loader is not None, f"nobody loads {spec.name}"
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except CrawlBeginsError:
        pass
    except BaseException:
        sys.modules.pop(spec.name, None)
        raise
    package, _, name = spec.name.rpartition(".")
    if package in sys.modules:  # not where a file is loaded that only another process could import
        setattr(sys.modules[package], name, module)
    return module


def _loaded(what: str, how: Callable[[], ModuleType]) -> ModuleType:
    before = _loading.set(True)
    try:
        return how()
    except UserError:
        raise
    except CrawlBeginsError:
        raise UserError(f"{what} is in a package that crawls when it is imported: crawl elsewhere.") from None
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == what]
        line = getattr(error, "lineno", None) or (frames[-1].lineno if frames else None)
        at = f" (line {line})" if line else ""
        said = error.msg if isinstance(error, SyntaxError) else error  # which would name the line once more
        raise UserError(f"{what} cannot be loaded: {type(error).__name__}: {said}{at}.") from error
    finally:
        _loading.reset(before)
