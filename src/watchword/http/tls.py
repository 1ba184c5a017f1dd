"""Certificates: the owner's own, checked before the server starts, or one we sign ourselves."""

import os
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import gethostname

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from watchword.core.kernel.clock import Clock
from watchword.http.listening import ServeError

CERTIFICATE_NAME = "tls-self-signed.pem"
KEY_NAME = "tls-self-signed-key.pem"
LIFETIME = timedelta(days=397)
RENEWED_BEFORE = timedelta(days=7)
CLOCKS_MAY_DIFFER = timedelta(minutes=5)
COMMON_NAME_MAX = 64


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate (with its chain) and its private key, as PEM files."""

    certificate: Path
    key: Path


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """Return what a server needs to speak TLS 1.2 or newer with these files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["http/1.1"])
    return context


def check(files: TlsFiles, clock: Clock) -> None:
    """Raise ServeError, which says what to do, unless a server can start with these files."""
    certificate = _certificate(files.certificate)
    key = _public_key(files.key)
    now = clock.now()
    if _spki(certificate.public_key()) != key:
        raise ServeError(
            f"The key {files.key} is not the key of the certificate {files.certificate}. "
            "Give --tls-cert and --tls-key of the same pair (the server's certificate comes "
            "first in its file, its chain after it)."
        )
    if now >= certificate.not_valid_after_utc:
        raise ServeError(
            f"The certificate {files.certificate} ended on "
            f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC. Renew it and start again."
        )
    if now < certificate.not_valid_before_utc:
        raise ServeError(
            f"The certificate {files.certificate} begins on "
            f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC. Look at this machine's clock."
        )


def self_signed(folder: Path, clock: Clock) -> TlsFiles:
    """Return our own certificate for this machine, made anew when it is missing or about to end."""
    files = TlsFiles(folder / CERTIFICATE_NAME, folder / KEY_NAME)
    if not _lasts(files, clock.now() + RENEWED_BEFORE):
        _make(files, clock.now())
    return files


def _lasts(files: TlsFiles, until: datetime) -> bool:
    """Say whether both files are there, belong together and are good until then."""
    try:
        certificate = _certificate(files.certificate)
        key = _public_key(files.key)
    except ServeError:
        return False
    return _spki(certificate.public_key()) == key and until < certificate.not_valid_after_utc


def _make(files: TlsFiles, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(key, gethostname(), now - CLOCKS_MAY_DIFFER)
    secret = key.private_bytes(
        Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        files.key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The key goes first: after a crash in between, the pair does not match and is made again.
        _write(files.key, secret, mode=0o600)
        _write(files.certificate, certificate.public_bytes(Encoding.PEM), mode=0o644)
    except OSError as error:
        raise ServeError(
            f"Cannot keep a certificate in {files.key.parent}: {error.strerror}. "
            "Let the server write there, or give --tls-cert and --tls-key."
        ) from error


def _signed(key: ec.EllipticCurvePrivateKey, host: str, begins: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:COMMON_NAME_MAX])])
    public = key.public_key()
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(issuer, critical=False)
        .sign(key, hashes.SHA256())
    )


def _names(host: str) -> list[x509.GeneralName]:
    names = dict.fromkeys(("localhost", host.lower()))
    return [
        *(x509.DNSName(name) for name in names if name.isascii()),
        x509.IPAddress(ip_address("127.0.0.1")),
        x509.IPAddress(ip_address("::1")),
    ]


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Put a whole file in its place, never readable by more people than in the end."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)


def _certificate(path: Path) -> x509.Certificate:
    """Return the first certificate of a file: the server's own."""
    try:
        return x509.load_pem_x509_certificates(_read(path, "certificate"))[0]
    except ValueError as error:
        raise ServeError(
            f"{path} is no certificate. Give a PEM file (-----BEGIN CERTIFICATE-----)."
        ) from error


def _public_key(path: Path) -> bytes:
    """Return the public half of a private key."""
    content = _read(path, "key")
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except TypeError as error:
        raise ServeError(f"The key {path} is locked with a password. Give one without.") from error
    except ValueError as error:
        raise ServeError(
            f"{path} is no private key. Give a PEM file (-----BEGIN PRIVATE KEY-----)."
        ) from error
    return _spki(key.public_key())


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ServeError(f"Cannot read the {what} {path}: {error.strerror}.") from error


def _spki(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
