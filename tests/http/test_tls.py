"""Certificates, checked and made; and the transport behind TLS."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_connection, gethostname

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fakes import HandClock
from parts.peer import ClosedError, Peer, get, post
from parts.serving import Running, running
from parts.waiting import until
from watchword.core.kernel.clock import SystemClock
from watchword.http.gate import TransportLimits
from watchword.http.listening import ServeError
from watchword.http.tls import TlsFiles, check, self_signed

BODY_MAX = 64 * 1024


def test_our_certificate_names_this_machine(tmp_path: Path) -> None:
    """It is for localhost, both loopback addresses and the host name, for 397 days."""
    files = self_signed(tmp_path, HandClock())
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert set(names.get_values_for_type(x509.DNSName)) == {"localhost", gethostname().lower()}
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=397)
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)


def test_its_key_is_for_the_owner_alone(tmp_path: Path) -> None:
    """0600, also where a key that everybody could read lay before; nothing else is left there."""
    folder = tmp_path / "data"
    files = self_signed(folder, HandClock())
    files.key.chmod(0o644)
    files.certificate.unlink()

    files = self_signed(folder, HandClock())

    assert files.key.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert set(folder.iterdir()) == {files.certificate, files.key}


def test_it_is_kept_until_a_week_before_its_end(tmp_path: Path) -> None:
    """Clients may have been told to trust it; a week before its end there is another."""
    clock = HandClock()
    first = self_signed(tmp_path, clock).certificate.read_bytes()
    clock.advance(timedelta(days=389))
    kept = self_signed(tmp_path, clock).certificate.read_bytes()
    clock.advance(timedelta(days=1))
    renewed = self_signed(tmp_path, clock)

    assert kept == first
    assert renewed.certificate.read_bytes() != first
    check(renewed, clock)


@pytest.mark.parametrize("spoilt", ["certificate", "key"])
@pytest.mark.parametrize("content", [b"", b"rubbish", None])
def test_a_spoilt_pair_is_made_again(tmp_path: Path, spoilt: str, content: bytes | None) -> None:
    """Whatever happened to one of the files, both are good afterwards."""
    path: Path = getattr(self_signed(tmp_path, HandClock()), spoilt)
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    check(self_signed(tmp_path, HandClock()), HandClock())


def test_a_pair_that_does_not_match_is_made_again(tmp_path: Path) -> None:
    """A crash between the two files leaves a key and a certificate that do not belong together."""
    files = self_signed(tmp_path / "a", HandClock())
    other = self_signed(tmp_path / "b", HandClock())
    files.key.write_bytes(other.key.read_bytes())

    check(self_signed(tmp_path / "a", HandClock()), HandClock())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Where no certificate can be kept, the sentence says where and what else there is."""
    (tmp_path / "file").touch()

    with pytest.raises(ServeError, match="--tls-cert"):
        self_signed(tmp_path / "file", HandClock())


def test_a_certificate_that_ended_is_refused(tmp_path: Path) -> None:
    """At the start, with the date, not by the first client."""
    clock = HandClock()
    files = self_signed(tmp_path, clock)
    clock.advance(timedelta(days=397))

    with pytest.raises(ServeError, match=r"ended on 2031-02-01 23:55 UTC\. Renew it"):
        check(files, clock)


def test_a_certificate_that_has_not_begun_is_refused(tmp_path: Path) -> None:
    """It is the clock then, as a rule."""
    clock = HandClock()
    files = self_signed(tmp_path, clock)
    clock.advance(timedelta(days=-1))

    with pytest.raises(ServeError, match="Look at this machine's clock"):
        check(files, clock)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    """Two files that do not belong together are named."""
    files = self_signed(tmp_path / "a", HandClock())
    other = self_signed(tmp_path / "b", HandClock())

    with pytest.raises(ServeError, match="is not the key of the certificate"):
        check(TlsFiles(files.certificate, other.key), HandClock())


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    """Missing, of another kind or locked: each has its sentence."""
    files = self_signed(tmp_path, HandClock())
    missing = tmp_path / "missing"
    locked = _locked(files.key, tmp_path / "locked")

    said = [
        _refusal(TlsFiles(missing, files.key)),
        _refusal(TlsFiles(files.certificate, missing)),
        _refusal(TlsFiles(files.key, files.key)),
        _refusal(TlsFiles(files.certificate, files.certificate)),
        _refusal(TlsFiles(files.certificate, locked)),
    ]

    assert said == [
        f"Cannot read the certificate {missing}: No such file or directory.",
        f"Cannot read the key {missing}: No such file or directory.",
        f"{files.key} is no certificate. Give a PEM file (-----BEGIN CERTIFICATE-----).",
        f"{files.certificate} is no private key. Give a PEM file (-----BEGIN PRIVATE KEY-----).",
        f"The key {locked} is locked with a password. Give one without.",
    ]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """A certificate that is valid now."""
    return self_signed(tmp_path_factory.mktemp("tls"), SystemClock())


@pytest.fixture(scope="module")
def trusting(files: TlsFiles) -> ssl.SSLContext:
    """A client that trusts our certificate, and looks at everything as strictly as it can."""
    context = ssl.create_default_context(cafile=files.certificate)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@pytest.fixture(scope="module")
def server(files: TlsFiles) -> Iterator[Running]:
    limits = TransportLimits(head_seconds=0.4, idle_seconds=0.4, linger_seconds=0.3)
    with running(tls=files, limits=limits) as running_server:
        yield running_server


def test_https_is_served(server: Running, trusting: ssl.SSLContext) -> None:
    """A client that trusts the certificate is answered, on a kept connection too."""
    with Peer(server.port, context=trusting) as peer:
        answers = [peer.ask(get("/a")), peer.ask(post("/b", b"x" * 1000))]

    assert [answer.status for answer in answers] == [200, 200]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_versions_of_tls_are_not_spoken(server: Running) -> None:
    """TLS 1.2 is the oldest."""
    assert _handshake(server.port, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert _handshake(server.port, ssl.TLSVersion.TLSv1_1) is None


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/", *["X: y"] * 100), 431),
        (post("/", b"x" * (BODY_MAX + 1)), 413),
        (b"rubbish\r\n\r\n", 400),
        (get()[:-2], 408),
    ],
)
def test_refusals_are_heard_over_tls(
    server: Running, trusting: ssl.SSLContext, request_: bytes, status: int
) -> None:
    """The answer arrives whole and says to stay with TLS, then the connection ends."""
    with Peer(server.port, context=trusting) as peer:
        answer = peer.ask(request_)
        rest = peer.last_words()

    assert (answer.status, rest) == (status, b"")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_handshake_that_never_comes_is_ended(server: Running) -> None:
    """Who connects and says nothing is thrown out as soon as one who sends no head."""
    with Peer(server.port) as peer:
        said = peer.last_words()

    assert said == b""


def test_http_to_the_https_port_is_ended(server: Running) -> None:
    """Without TLS there is no answer, and the server lives on."""
    with Peer(server.port) as peer, pytest.raises(ClosedError):
        peer.ask(get())

    until(lambda: server.connections == 0)


def test_the_system_clock_is_after_the_build() -> None:
    """The certificates above are judged by OpenSSL, which asks the real clock."""
    assert SystemClock().now() > datetime(2025, 1, 1, tzinfo=UTC)


def _refusal(files: TlsFiles) -> str:
    with pytest.raises(ServeError) as refused:
        check(files, HandClock())
    return str(refused.value)


def _locked(key: Path, path: Path) -> Path:
    secret = serialization.load_pem_private_key(key.read_bytes(), password=None)
    path.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"password"),
        )
    )
    return path


def _handshake(port: int, version: ssl.TLSVersion) -> str | None:
    """Return the version that is spoken with a client of this version alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = version
    with create_connection(("127.0.0.1", port)) as plain:
        try:
            with context.wrap_socket(plain) as spoken:
                return spoken.version()
        except ssl.SSLError:
            return None
