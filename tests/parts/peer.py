"""A client that sends bytes as they are, to say what no library would."""

import json
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Answer:
    """One answer of the server."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - what JSON holds
        return json.loads(self.body)


class ClosedError(Exception):
    """The connection ended before the answer did."""


class Peer:
    """One connection."""

    def __init__(self, port: int, *, context: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket = context.wrap_socket(plain, server_hostname="localhost") if context else plain
        self._heard = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *parts: bytes) -> None:
        """Send each part by itself."""
        for part in parts:
            self.socket.sendall(part)

    def ask(self, data: bytes) -> Answer:
        self.send(data)
        return self.answer()

    def answer(self, *, with_body: bool = True) -> Answer:
        """Return the next answer."""
        while b"\r\n\r\n" not in self._heard:
            self._hear()
        head, _, self._heard = self._heard.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        size = int(headers.get("content-length", "0")) if with_body else 0
        while len(self._heard) < size:
            self._hear()
        body, self._heard = self._heard[:size], self._heard[size:]
        return Answer(int(first.split(" ")[1]), headers, body)

    def peek(self) -> None:
        """Wait until the server says something or closes."""
        if self.socket.recv(1, socket.MSG_PEEK) == b"":
            raise ClosedError

    def last_words(self) -> bytes:
        """Return all that comes until the server closes; a reset is an end as well."""
        try:
            while True:
                self._hear()
        except ClosedError:
            return self._heard

    def _hear(self) -> None:
        try:
            data = self.socket.recv(65536)
        except ConnectionError as error:
            raise ClosedError from error
        if not data:
            raise ClosedError
        self._heard += data


def get(path: str = "/", *lines: str, version: str = "1.1") -> bytes:
    """Return a GET request with these header lines beside its Host."""
    return "\r\n".join([f"GET {path} HTTP/{version}", "Host: localhost", *lines, "", ""]).encode()


def post(path: str, body: bytes, *lines: str) -> bytes:
    """Return a POST request with this body, whole and with its length."""
    length = f"Content-Length: {len(body)}"
    head = [f"POST {path} HTTP/1.1", "Host: localhost", length, *lines, "", ""]
    return "\r\n".join(head).encode() + body


def chunked(path: str, *chunks: bytes) -> bytes:
    """Return a POST request whose body comes in these chunks."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*chunks, b""))


def free_port() -> int:
    """Return a port that nobody has at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Say whether a socket listens on this port, without connecting to it."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()
    return any(f":{port:04X} 00000000:0000 0A " in line for line in lines)
