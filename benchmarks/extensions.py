"""Print which of gossamer's compiled dependencies support free threading, and which support sub-interpreters.

    python benchmarks/extensions.py                      # import each in this interpreter
    python benchmarks/extensions.py --wheels DIR         # read wheels, without importing them

When free-threaded Python imports a module that does not declare that it needs no global lock (`Py_mod_gil`), it turns
the lock on again for all threads. A module that does not declare `Py_mod_multiple_interpreters` cannot be imported by a
sub-interpreter that has a lock of its own.
"""

from __future__ import annotations

import argparse
import importlib.util
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

MODULES = ("_brotli", "isal.isal_zlib", "msgspec", "numpy", "pycurl", "selectolax.lexbor", "turbohtml", "upa_url",
           "uvloop", "xxhash", "zstandard")  # fmt: skip
MULTIPLE_INTERPRETERS, GIL = 3, 4  # slots of a module definition (CPython: Include/moduleobject.h)
PER_INTERPRETER, NOT_USED = 2, 1
BY_CALL = b"PyUnstable_Module_SetGIL"

LOCK_AFTER = "import sys, {module}; print(getattr(sys, '_is_gil_enabled', lambda: True)())"
ALONE = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
made = interpreters.create("isolated") if hasattr(interpreters, "exec") else interpreters.create(isolated=True)
said = (getattr(interpreters, "exec", None) or interpreters.run_string)(made, "import {module}")
if said is not None:
    print(said.formatted)
    raise SystemExit(1)
"""


def asked(code: str, module: str) -> tuple[bool, str]:
    done = subprocess.run(
        [sys.executable, "-c", code.format(module=module)], capture_output=True, text=True, check=False
    )
    lines = (done.stdout + done.stderr).strip().splitlines()
    return done.returncode == 0, lines[-1] if lines else ""


def by_importing() -> None:
    print(f"{sys.version}\n")
    print("| module | lock needed after its import | in a sub-interpreter of its own |")
    print("|---|---|---|")
    for module in MODULES:
        if importlib.util.find_spec(module.partition(".")[0]) is None:
            print(f"| {module} | not installed | |")
            continue
        fine, lock = asked(LOCK_AFTER, module)
        alone, why = asked(ALONE, module)
        print(f"| {module} | {lock if fine else 'fails'} | {'yes' if alone else why} |")


def declared(library: bytes) -> tuple[bool, bool]:
    """Return whether a compiled module declares that it needs no global lock, and that it supports sub-interpreters.

    A slot is a pair of a number and a pointer (16 bytes) in the data of the library. A slot with a constant in place of
    the pointer can be read without loading the library. The last slot is two zeros.
    """
    free = _slot(library, GIL, NOT_USED) or BY_CALL in library
    return free, _slot(library, MULTIPLE_INTERPRETERS, PER_INTERPRETER)


def _slot(library: bytes, number: int, value: int) -> bool:
    wanted, at = struct.pack("<QQ", number, value), -1
    while (at := library.find(wanted, at + 1)) >= 0:
        if at % 8 == 0 and _ends_as_slots_do(library, at + 16):
            return True
    return False


def _ends_as_slots_do(library: bytes, at: int) -> bool:
    for _ in range(6):
        number, value = struct.unpack("<QQ", library[at : at + 16])
        if (number, value) == (0, 0):
            return True
        if number not in (1, 2, MULTIPLE_INTERPRETERS, GIL) or value > 8 * len(library):
            return False
        at += 16
    return False


def libraries(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            content = archive.read(name) if ".so" in name and ".libs/" not in name else b""
            if b"PyInit_" in content:
                yield name, content


def by_reading(wheels: Path) -> None:
    print("| wheel | modules | need no lock | for sub-interpreters |")
    print("|---|---:|---:|---:|")
    for wheel in sorted(wheels.glob("*.whl")):
        found = [declared(content) for _, content in libraries(wheel)]
        free, alone = (sum(one[index] for one in found) for index in (0, 1))
        print(f"| {'-'.join(wheel.name.split('-')[:3])} | {len(found)} | {free} | {alone} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, help="a directory of wheels to read instead")
    chosen = parser.parse_args()
    by_importing() if chosen.wheels is None else by_reading(chosen.wheels)
