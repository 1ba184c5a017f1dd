"""The server keeps to its own description, whatever fits that description or almost does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import openapi_spec_validator
import pytest

from parts.peer import Peer, get
from parts.server import FOR_ALL, Server, Store, serving

HERE = Path(__file__).parent
PROGRAM = Path(sys.executable).with_name("schemathesis")
SEED = "20261122"
SETTINGS = {
    **FOR_ALL,
    "WATCHWORD_PASSWORDS__PRESET": "documented",
    "WATCHWORD_DIALECTS__ASSETS__ERRORS_AS_STATUS": "true",
}
"""Limits and rules that let as much as possible reach the end of its way, and a no that is told
by its status: inside a 200 schemathesis would take it for a yes."""

DEEP = {
    "admin": {
        "POST /api/auth/users",
        "GET /api/auth/users",
        "PUT /api/auth/users/{id}",
        "POST /api/account/invite",
        "POST /api/Job",
        "GET /api/Job",
        "GET /api/Job/{jobID}/Status",
    },
    "user": {
        "GET /api/auth/me",
        "POST /api/auth/register",
        "POST /api/auth/logout",
        "GET /user/renew",
        "GET /user/token",
        "GET /user/logout",
        "POST /authheader/add",
        "GET /authheader/list",
        "GET /test/secure",
        "GET /services/profile",
        "POST /services/checkout/{asset_id}",
        "GET /services/checkouts",
        "POST /api/account/register",
        "POST /api/account/logout",
        "GET /api/account/checkAccess",
        "POST /api/account/emailChangeToken",
        "GET /api/Job",
        "GET /api/Job/{jobID}/Status",
    },
    "key": {
        "GET /test/secure",
        "GET /api/auth/me",
        "GET /api/auth/users",
        "POST /api/auth/users",
        "GET /revocations",
        "GET /api/account/checkAccess",
        "POST /api/Job",
        "GET /api/Job",
        "GET /api/Job/{jobID}/Status",
    },
    "": {
        "POST /api/auth/register",
        "GET /readyz",
        "GET /docs",
        "GET /services/ping",
        "POST /api/account/register",
        "POST /api/account/forgotPassword",
        "POST /api/account/resendConfirmation",
        "GET /api/account/confirmEmail",
    },
}
"""What each run must have got done at least once; else it proved little."""

CONFORMANCE = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
]

MODES: dict[str, tuple[list[str], dict[str, str]]] = {
    "by itself": ([], {}),
    "a demo": (["--demo"], {}),
    "behind a name": ([], {"WATCHWORD_PUBLIC_URL": "https://id.example.com"}),
    "empty": ([], {"WATCHWORD_DEFAULT_ADMIN": "none"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_the_description_is_openapi_in_every_mode(sqlite_store: Store, mode: str) -> None:
    """A validator finds nothing wrong, and the page that shows it is there."""
    words, settings = MODES[mode]
    with serving(sqlite_store, *words, settings=settings) as server, Peer(server.port) as peer:
        document = peer.ask(get("/openapi.json")).document
        page = peer.ask(get("/docs"))

    openapi_spec_validator.validate(document, cls=openapi_spec_validator.OpenAPIV31SpecValidator)
    assert {"/api/auth/login", "/livez", "/metrics"} <= set(document["paths"])
    assert page.status == 200


@pytest.mark.slow
def test_a_server_without_docs_describes_nothing(sqlite_store: Store) -> None:
    """Whoever turns the description off shows none of it."""
    settings = {"WATCHWORD_SERVER__DOCS": "false"}
    with serving(sqlite_store, settings=settings) as server, Peer(server.port) as peer:
        statuses = [peer.ask(get(path)).status for path in ("/openapi.json", "/docs")]

    assert statuses == [404, 404]


@pytest.mark.slow
@pytest.mark.parametrize("role", DEEP, ids=lambda role: role or "nobody")
def test_nothing_is_answered_that_is_not_described(sqlite_store: Store, role: str) -> None:
    """No status, type, header or shape outside the document, and no failure of ours."""
    with serving(sqlite_store, settings=SETTINGS) as server:
        ended = explore(server, sqlite_store, role)
        done = {
            f"{line['method']} {line['route']}"
            for line in map(json.loads, server.told().splitlines())
            if line.get("status") in {200, 202}
        }

    assert ended.returncode == 0, ended.stdout
    assert done >= DEEP[role]


@pytest.mark.slow
def test_a_no_inside_a_200_is_described_as_well(sqlite_store: Store) -> None:
    """The assets API as it is by default; what is a yes and what a no is not judged here."""
    only = ("--include-path-regex", "^/services/", "--checks", ",".join(CONFORMANCE))

    with serving(sqlite_store, settings=FOR_ALL) as server:
        ended = explore(server, sqlite_store, "user", only)

    assert ended.returncode == 0, ended.stdout
    assert "10 selected" in ended.stdout


def explore(
    server: Server, store: Store, role: str, only: tuple[str, ...] = ("--checks", "all")
) -> subprocess.CompletedProcess[str]:
    """Run schemathesis with everything it has: as this role, with an admin's key, or as nobody."""
    url = f"http://127.0.0.1:{server.port}"
    command = [str(PROGRAM), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    options = [*only, "--max-examples", "10", "--seed", SEED]
    shown = ["--continue-on-failure", "--warnings", "off", "--no-color"]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    if role:
        environment |= {"SCHEMATHESIS_HOOKS": "journeys.schema_hooks"}
        environment |= {"SCHEMA_ROLE": role, "SCHEMA_URL": url, "SCHEMA_FOLDER": str(store.folder)}
    return subprocess.run(
        [*command, f"{url}/openapi.json", *options, *shown],
        cwd=store.outputs,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
