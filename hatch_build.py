"""Compile the native reader of links and references where there is a C compiler; without one gossamer is slower."""

from __future__ import annotations

import os
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = [Path("src/gossamer/parse/links") / name for name in ("_links.c", "_references.c")]


class NativeHook(BuildHookInterface[Any]):
    """Put the compiled module beside its source and into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; say so where that is not possible."""
        sources = [Path(self.root) / source for source in SOURCES]
        target = sources[0].with_name("_links" + str(sysconfig.get_config_var("EXT_SUFFIX")))
        fresh = target.with_name(f"{target.name}.new")
        compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
        # Aligned, or finding links takes 7 % longer or does not, depending on what else is compiled.
        flags = ["-O2", "-falign-loops=32", "-fPIC", "-shared", f"-I{sysconfig.get_path('include')}"]
        if sysconfig.get_platform().startswith("macosx"):
            flags += ["-undefined", "dynamic_lookup"]
        try:
            subprocess.run([*compiler, *flags, *map(str, sources), "-o", str(fresh)], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            target.unlink(missing_ok=True)  # one of older source would be worse than none
            self.app.display_warning(f"gossamer reads pages in Python: its native part was not compiled ({error}).")
            return
        fresh.replace(target)
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"].append(f"/{target.relative_to(self.root).as_posix()}")
