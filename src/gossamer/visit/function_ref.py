"""References to the user's functions that any process can resolve, and the loading of handler files.

A worker process imports the user's script under a name other than `__main__`, so that the code under
`if __name__ == "__main__":` does not run there. The import of a script or module without that guard ends when it would
start a crawl: a worker needs only what was defined before, and must not start workers itself.
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
"""The names under which the user's script may be loaded; the second is multiprocessing's."""

_loading: ContextVar[bool] = ContextVar("gossamer_loading", default=False)


class FunctionRef(Struct, frozen=True):
    """A reference to a function."""

    module: str
    """The dotted name of the module, or `__main__`."""
    file: str
    """The absolute path of the module's file."""
    name: str
    """The qualified name of the function in the module."""


class CrawlBeginsError(BaseException):
    """Ends the import of a script that starts a crawl. It is no `Exception`, so that user code does not catch it."""


def refuse_while_loading() -> None:
    """Raise CrawlBeginsError while a file is being loaded: its functions are wanted, not another crawl."""
    if _loading.get():
        raise CrawlBeginsError


def reference_to(function: Callable[..., Any]) -> FunctionRef:
    """Return a reference that other processes can resolve. Raise UserError, with advice, where there is none."""
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
    spec = getattr(module, "__spec__", None)  # a script has none; with `python -m` it has the module's real name
    return FunctionRef(spec.name if spec is not None else module.__name__, file, name)


def _unfit(what: str, why: str, advice: str) -> UserError:
    return UserError(f"{what} {why}, so worker processes cannot run it: {advice}.")


def function_at(reference: FunctionRef) -> Callable[..., Any]:
    """Return the function that a reference names. Raise UserError where it no longer exists."""
    found = _attribute(_module(reference), reference.name)
    if found is None:
        raise UserError(
            f"{reference.file} has no {reference.name} when it is imported: define it before the crawl begins."
        )
    return found  # type: ignore[no-any-return]  # its type is the user's


def _attribute(module: ModuleType, name: str) -> Any:
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _module(reference: FunctionRef) -> ModuleType:
    if reference.module == _MAIN:
        for name in _ALSO_MAIN:
            module = sys.modules.get(name)
            file = getattr(module, "__file__", None)
            if module is not None and file and str(Path(file).absolute()) == reference.file:
                return module
        return _load_file(reference.file, _MAIN_IN_A_WORKER)
    return _loaded(reference.file, lambda: _imported_or_loaded(reference))


def _imported_or_loaded(reference: FunctionRef) -> ModuleType:
    try:
        return _import(reference.module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{reference.module}.".startswith(f"{error.name}."):
            raise
        return _load_file(reference.file, reference.module)  # a file that only the first process had on its path


def load(file_or_module: str) -> ModuleType:
    """Load a Python file, or a module by its dotted name. Raise UserError where that fails."""
    if not file_or_module.endswith(".py"):
        return _loaded(file_or_module, lambda: _imported(file_or_module))
    path = Path(file_or_module).absolute()
    if not path.is_file():
        raise UserError(f"There is no file {file_or_module} to load handlers from.")
    return _load_file(str(path), f"__gossamer_{path.stem}__")


def _imported(module: str) -> ModuleType:
    """Import a module by its absolute name. Raise UserError where there is none; its own exceptions pass through."""
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
    if folder not in sys.path:  # as for any script: it may import modules from its own folder
        sys.path.insert(0, folder)
    return _loaded(file, lambda: _executed(spec))


def _import(name: str) -> ModuleType:
    """Import a module by its absolute name, up to the point where it would start a crawl."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    if name in sys.modules or spec.loader is None:  # imported by its package, or a namespace package
        return importlib.import_module(name)
    return _executed(spec)


def _executed(spec: ModuleSpec) -> ModuleType:
    """Import a module as Python does, but keep what was defined before a crawl starts."""
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
    if package in sys.modules:  # not for a file that only another process could import
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
        message = error.msg if isinstance(error, SyntaxError) else error  # its own text repeats the line number
        raise UserError(f"{what} cannot be loaded: {type(error).__name__}: {message}{at}.") from error
    finally:
        _loading.reset(before)
