"""Facts about a head as it stood on the wire."""

import pytest

from watchword.http.heads import head_bytes, head_without_upgrade, is_host, names_host, path_of


@pytest.mark.parametrize(
    "host", [b"localhost", b"example.com:443", b"[::1]:9261", b"xn--bcher-kva.example", b"a_b"]
)
def test_names_and_addresses_are_hosts(host: bytes) -> None:
    """With and without a port."""
    assert is_host(host)


@pytest.mark.parametrize(
    "host", [b"", b"a b", b"a/b", b"a?b", b"a#b", b"a@b", b"a\\b", b'"a"', b"\xc3\xa4", b"a\tb"]
)
def test_other_things_are_no_hosts(host: bytes) -> None:
    """Nothing that could end a host in somebody else's parser."""
    assert not is_host(host)


def test_an_absolute_target_names_its_host() -> None:
    """In any case; a user, another port or another scheme is another host."""
    assert names_host(b"http://LocalHost/path", b"localhost")
    assert names_host(b"HTTPS://localhost:1?x", b"localhost:1")
    assert not names_host(b"http://localhost:1/", b"localhost")
    assert not names_host(b"http://user@localhost/", b"localhost")
    assert not names_host(b"ftp://localhost/", b"localhost")
    assert not names_host(b"localhost", b"localhost")
    assert not names_host(b"*", b"localhost")


def test_a_path_is_decoded_and_has_no_query() -> None:
    """What is no path is empty; bytes that are no text do not fail."""
    assert path_of(b"/a%20b/%C3%A4?token=x") == "/a b/\u00e4"
    assert path_of(b"/%ff") == "/\ufffd"
    assert path_of(b"http://localhost/") == ""
    assert path_of(b"") == ""


def test_a_head_is_counted_to_its_empty_line() -> None:
    """The request line, each field with its colon and its line end, and the empty line."""
    head = b"GET /path HTTP/1.1\r\nhost: a\r\nx: yz\r\n\r\n"

    assert head_bytes(b"GET", b"/path", [(b"host", b"a"), (b"x", b"yz")]) == len(head)


def test_nothing_is_left_of_an_upgrade() -> None:
    """The other options of the connection stay, and so do the other fields in their order."""
    fields = [
        (b"host", b"a"),
        (b"connection", b"close, Upgrade ,HTTP2-Settings"),
        (b"upgrade", b"h2c"),
        (b"http2-settings", b"AAMAAABk"),
        (b"content-length", b"3"),
    ]

    assert head_without_upgrade(b"POST", b"/a?b", "1.1", fields) == (
        b"POST /a?b HTTP/1.1\r\nhost: a\r\nconnection: close, HTTP2-Settings\r\n"
        b"content-length: 3\r\n\r\n"
    )
