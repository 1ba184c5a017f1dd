"""Peers are kept below a folder outside the tree, each for itself, and installed when missing."""

import os
import shutil
from pathlib import Path

from peers.cluster import find_programs
from peers.ground import Unusable
from peers.peer import Peer

_MISSING = {
    "initdb": "on Debian, apt-get install postgresql",
    "node": "on Debian, apt-get install nodejs",
    "npm": "on Debian, apt-get install npm",
}


def default_cache() -> Path:
    """Return where peers are kept."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "watchword-bench"


def ensure(peer: Peer, cache: Path) -> Path:
    """Install it unless this very version is there; return where."""
    for program in peer.programs:
        if not (shutil.which(program) or (program == "initdb" and find_programs())):
            raise Unusable(f"{program} is missing: {_MISSING[program]}")
    home = cache / peer.folder
    done = home / "installed"
    if not peer.packages or (done.exists() and done.read_text() == _wanted(peer)):
        return home
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    peer.install(home)
    done.write_text(_wanted(peer))
    return home


def _wanted(peer: Peer) -> str:
    return "\n".join(peer.packages)
