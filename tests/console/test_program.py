"""The program shows the pages, whatever APIs it speaks."""

from pathlib import Path

import httpx
import pytest

from parts.server import Store, serving


@pytest.mark.slow
@pytest.mark.parametrize("dialects", ["asta", "assets,precrime"])
def test_the_pages_are_always_there(tmp_path: Path, dialects: str) -> None:
    """Letters lead to them; nobody has to enable them, and HEAD has no body on the wire."""
    settings = {"WATCHWORD_ENABLED_DIALECTS": dialects}
    with (
        serving(Store(tmp_path / "data"), settings=settings) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client,
    ):
        got = client.get("/account/undo?ticket=x", headers={"Accept-Language": "de"})
        head = client.head("/account/undo?ticket=x", headers={"Accept-Language": "de"})
        large = client.get("/account/undo", headers={"X-Large": "x" * 40_000})

    assert (got.status_code, head.status_code, large.status_code) == (410, 410, 431)
    assert "<h1>Dieser Link gilt nicht</h1>" in got.text
    assert head.headers["content-length"] == str(len(got.content))
    assert head.content == b""
    assert large.headers["content-type"] == "text/html; charset=utf-8"
