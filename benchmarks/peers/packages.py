"""How packages get below a folder of a peer's own, by their usual clients."""

import subprocess
import sys
from pathlib import Path

from peers.ground import Unusable, last_line


def install_python(home: Path, packages: tuple[str, ...]) -> None:
    """Make a venv with these packages; what has no wheel is left out, so nothing is compiled."""
    venv = home / "venv"
    _run([sys.executable, "-m", "venv", "--without-pip", str(venv)], home)
    # The pip that came with Python fills the venv, as in `make setup`: `ensurepip` may be missing.
    pip = [str(Path(sys.base_prefix) / "bin" / "python3"), "-m", "pip"]
    into = [
        "--python",
        str(venv / "bin" / "python"),
        "install",
        "--quiet",
        "--only-binary",
        ":all:",
    ]
    _run([*pip, *into, *packages], home)


def install_node(home: Path, packages: tuple[str, ...]) -> None:
    """Install from npm; some packages are compiled."""
    _run(["npm", "init", "--yes"], home)
    _run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", *packages], home)


def _run(command: list[str], home: Path) -> None:
    log = home / "install.log"
    with log.open("ab") as output:
        ended = subprocess.run(command, cwd=home, stdout=output, stderr=output, check=False)
    if ended.returncode:
        raise Unusable(f"not installed ({log}): {last_line(log.read_text())}")
