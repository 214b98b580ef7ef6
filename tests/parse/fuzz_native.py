"""Give nasty pages to the native part, under sanitizers: `python tests/parse/fuzz_native.py --seconds 60`.

A read past the end of a page, an overflow or other undefined behaviour ends it with a report and a status that is not
0; status 77 means that this machine's compiler has no sanitizers.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import suppress
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
SOURCES = [HOME / "src/gossamer/parse/links" / name for name in ("_links.c", "_references.c")]
NOISE = b"<>/!-=\"' aAscriptSTYLE\n\0x&;"
NO_SANITIZERS = 77


def compile_and_run(seconds: float) -> int:
    for source in SOURCES:
        assert source.exists(), f"{source} is gone"  # a missing source would look like missing sanitizers
    with tempfile.TemporaryDirectory() as place:
        module = Path(place) / "_links.so"
        flags = "-g -O1 -fsanitize=address,undefined -fno-sanitize-recover -fPIC -shared"
        command = f"cc {flags} {' '.join(map(str, SOURCES))} -o {module}"
        try:
            subprocess.run([*command.split(), f"-I{sysconfig.get_path('include')}"], check=True, capture_output=True)
            libraries = [
                subprocess.check_output(["cc", f"-print-file-name={name}"], text=True).strip()
                for name in ("libasan.so", "libubsan.so")
            ]
        except (OSError, subprocess.CalledProcessError) as error:
            sys.stdout.write(f"no sanitizers here: {error}\n")
            return NO_SANITIZERS
        environment = {
            **os.environ,
            "LD_PRELOAD": " ".join(libraries),
            "ASAN_OPTIONS": "detect_leaks=0",  # Python itself never frees all
            "PYTHONMALLOC": "malloc",  # so that every page has a border of its own
            "PYTHONPATH": os.pathsep.join([place, str(HOME), str(HOME / "src")]),
        }
        inside = [sys.executable, __file__, "--inside", str(seconds)]
        return subprocess.run(inside, check=False, env=environment).returncode


def feed(seconds: float) -> None:
    from _links import find_links, find_references  # those compiled above

    from tests.parse import fuzz_scan
    from tests.parse.references import fuzz_references

    rng, until, fed = random.Random(7), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        for find, page in ((find_links, fuzz_scan.page), (find_references, fuzz_references.page)):
            whole = page(rng).encode("utf-8", "surrogatepass")
            for cut in (len(whole), rng.randrange(len(whole) + 1), rng.randrange(len(whole) + 1)):
                with suppress(UnicodeDecodeError):  # of a character that is cut
                    find(whole[:cut])
            find(bytes(rng.choices(NOISE, k=rng.randrange(60))))
            fed += 4
    sys.stdout.write(f"{fed:,} pages, nothing reported\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long")
    parser.add_argument("--inside", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside is None:
        return compile_and_run(asked.seconds)
    feed(asked.inside)
    return 0


if __name__ == "__main__":
    sys.exit(main())
