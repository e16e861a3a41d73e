"""Stand-ins for the driver's libraries, in C, so that the real bindings run where there is no GPU."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
NAMES = {"nvml.c": ("libnvidia-ml.so.1",), "cuda.c": ("libcuda.so.1", "libcublasLt.so.12")}


def compiler() -> str | None:
    """The C compiler, or None where there is none."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def build(folder: Path) -> Path:
    """Compile the stand-ins into a folder to put on the library path; one library may answer to two names."""
    command = compiler()
    assert command, "no C compiler"
    for source, names in NAMES.items():
        first = folder / names[0]
        flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", f"-Wl,-soname,{names[0]}"]
        subprocess.run([command, *flags, "-o", str(first), str(HERE / source)], check=True)
        for other in names[1:]:
            (folder / other).symlink_to(first.name)
    return folder
