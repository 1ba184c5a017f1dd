"""The fifty people of a measurement: how they register, log in, and get keys."""

import json

from load import request
from processes import Running

ACCOUNTS = 50
PASSWORD = "correct horse battery staple"  # noqa: S105 - of accounts that live for a minute
LOGIN = "/api/auth/login"
ME = "/api/auth/me"


def seed(running: Running) -> None:
    for number in range(ACCOUNTS):
        status, answer = running.ask("POST", "/api/auth/register", _body(number))
        if status not in {200, 409}:
            raise SystemExit(f"registration answered {status}: {answer!r}")


def log_ins() -> list[bytes]:
    """Return the log-in of each of them."""
    bodies = (json.dumps(_body(number)).encode() for number in range(ACCOUNTS))
    return [request("POST", LOGIN, body=body) for body in bodies]


def token_of(running: Running, number: int) -> str:
    _, answer = running.ask("POST", LOGIN, _body(number))
    return str(json.loads(answer)["access_token"])


def tokens(running: Running) -> list[str]:
    return [token_of(running, number) for number in range(ACCOUNTS)]


def make_keys(running: Running, held: list[str]) -> list[str]:
    """Make a key for the holder of each token."""
    answers = [
        running.ask("POST", "/authheader/add", {"name": "bench"}, token=token) for token in held
    ]
    if {status for status, _ in answers} != {200}:
        raise SystemExit(f"making keys answered {answers[-1]}")
    return [json.loads(answer)["token"] for _, answer in answers]


def _body(number: int) -> dict[str, str]:
    return {"username": f"name{number}", "password": f"{PASSWORD} {number}"}
