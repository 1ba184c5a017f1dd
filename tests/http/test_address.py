"""Who a request is said to come from."""

from ipaddress import ip_network

import pytest

from watchword.http.address import Addresses, Client
from watchword.http.fields import Fields

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def client_of(
    peer: str | None,
    *headers: tuple[bytes, bytes],
    trusted: bool = True,
    scheme: str = "http",
) -> Client:
    scope = {"client": (peer, 1) if peer else None, "scheme": scheme}
    return Addresses(TRUSTED if trusted else ()).of(scope, Fields(headers))


def behind(*values: str, peer: str = "10.0.0.1") -> str:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in values]
    return client_of(peer, *headers).address


def test_the_peer_of_the_socket_is_the_client() -> None:
    """Without a proxy, the other end of the connection counts."""
    client = client_of("192.0.2.7")

    assert client == Client("192.0.2.7", is_secure=False, is_local=False)


def test_a_stranger_cannot_name_another_address() -> None:
    """X-Forwarded-* from a peer that is no trusted proxy changes nothing."""
    headers = ((b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-proto", b"https"))
    client = client_of("192.0.2.7", *headers)
    none_trusted = client_of("10.0.0.1", *headers, trusted=False)

    assert client == Client("192.0.2.7", is_secure=False, is_local=False)
    assert none_trusted == Client("10.0.0.1", is_secure=False, is_local=False)


@pytest.mark.parametrize(
    ("values", "address"),
    [
        (("198.51.100.1",), "198.51.100.1"),
        (("203.0.113.9, 198.51.100.1",), "198.51.100.1"),
        (("203.0.113.9, 198.51.100.1, 10.2.3.4",), "198.51.100.1"),
        (("203.0.113.9", "198.51.100.1", "10.2.3.4"), "198.51.100.1"),
        (("203.0.113.9,198.51.100.1 ,, 10.2.3.4,",), "198.51.100.1"),
        (("10.9.9.9, 10.2.3.4",), "10.9.9.9"),
        (("2001:db8::1",), "2001:db8::1"),
        (("2001:DB8:0::1, fd00::5",), "2001:db8::1"),
        (("::ffff:198.51.100.1",), "198.51.100.1"),
        (("198.51.100.1:4711",), "198.51.100.1"),
        (("[2001:db8::1]:4711",), "2001:db8::1"),
        (("[2001:db8::1]",), "2001:db8::1"),
    ],
)
def test_the_last_hop_that_no_trusted_proxy_made_counts(
    values: tuple[str, ...], address: str
) -> None:
    """What stands to the left of it may be written by anybody."""
    found = behind(*values)

    assert found == address


@pytest.mark.parametrize(
    "bad",
    ["", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "999.1.1.1", "[::1", "<script>", "\xff", ","],
)
def test_a_bad_hop_is_not_believed_nor_what_stands_left_of_it(bad: str) -> None:
    """The address of the nearest good hop counts instead."""
    alone = behind(bad)
    further = behind(f"203.0.113.9, {bad}, 10.2.3.4") if bad not in {"", ","} else "10.2.3.4"

    assert alone == ("::1" if bad == "[::1" else "10.0.0.1")
    assert further == ("::1" if bad == "[::1" else "10.2.3.4")


@pytest.mark.parametrize(
    ("peer", "address", "is_local"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7", False),
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("127.8.9.1", "127.8.9.1", True),
        ("::1", "::1", True),
        ("2001:DB8::0:1", "2001:db8::1", False),
        ("not an address", "", False),
        (None, "", False),
    ],
)
def test_each_peer_has_one_spelling(peer: str | None, address: str, *, is_local: bool) -> None:
    """IPv4 in IPv6 is folded, and only loopback is this machine."""
    client = client_of(peer)

    assert client == Client(address, is_secure=False, is_local=is_local)


@pytest.mark.parametrize(
    "name", [b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-new"]
)
def test_what_came_through_a_proxy_is_not_from_this_machine(name: bytes) -> None:
    """A proxy on this machine speaks for the whole world."""
    client = client_of("127.0.0.1", (name, b"127.0.0.1"))

    assert not client.is_local


@pytest.mark.parametrize(
    ("values", "scheme", "is_secure"),
    [
        ((b"https",), "http", True),
        ((b"HTTPS",), "http", True),
        ((b"http",), "https", False),
        ((b"https, http",), "http", False),
        ((b"http", b"https"), "http", True),
        ((b"gopher",), "https", True),
        ((b"",), "http", False),
        ((), "https", True),
    ],
)
def test_a_trusted_proxy_says_whether_it_was_tls(
    values: tuple[bytes, ...], scheme: str, *, is_secure: bool
) -> None:
    """The nearest proxy has the last word; what is no scheme is ignored."""
    headers = [(b"x-forwarded-proto", value) for value in values]
    client = client_of("10.0.0.1", *headers, scheme=scheme)

    assert client.is_secure is is_secure
    assert client.by_proxy
