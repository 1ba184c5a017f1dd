"""Argon2 as libargon2 computes it, compiled for this very processor by `make native`."""

import ctypes
from base64 import b64decode, b64encode
from hmac import compare_digest
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from watchword.core.kernel.randomness import Randomness, SystemRandomness
from watchword.crypto.builds.arena import Arenas
from watchword.crypto.builds.build import no_memory
from watchword.crypto.builds.stamp import ARENA, LIBRARY

VERSION = 0x13  # 1.3, which texts spell 19
SALT_OCTETS = 16
KEY_OCTETS = 32


class Native:
    """libargon2, on memory that its thread keeps.

    It calls libargon2's `argon2_ctx` and not its simpler functions: those take their memory
    from malloc, which aligns it for nothing wider than 16 octets, and start a thread for each
    lane.
    """

    name = "native"

    def __init__(
        self, folder: Path, *, kept_kib: int, randomness: Randomness | None = None
    ) -> None:
        """Load what was built. Raises ImportError or OSError.

        A thread keeps so much memory between hashes; what needs more takes it and gives it back.
        """
        module = _extension(folder / LIBRARY)
        self._ffi, self._lib = module.ffi, module.lib
        # It keeps the interpreter's lock: it sets two numbers.
        self._lender = ctypes.PyDLL(str(folder / ARENA))
        self._lend = self._lender.watchword_lend
        self._lend.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        self._lend.restype = None
        self._take = self._pointer("allocate_fptr", "watchword_take")
        self._give_back = self._pointer("deallocate_fptr", "watchword_give_back")
        self._arenas = Arenas(kept_kib * 1024)
        self._randomness = randomness or SystemRandomness()

    def compute(self, password: bytes, *, memory_kib: int, passes: int) -> str:
        salt = self._randomness.number(8 * SALT_OCTETS).to_bytes(SALT_OCTETS, "big")
        key = self.derive(
            "argon2id",
            password,
            salt,
            memory_kib=memory_kib,
            passes=passes,
            lanes=1,
            size=KEY_OCTETS,
        )
        return f"$argon2id$v=19$m={memory_kib},t={passes},p=1${_text(salt)}${_text(key)}"

    def matches(self, password: bytes, encoded: str) -> bool:
        _, kind, _, cost, salt_text, key_text = encoded.split("$")
        memory_kib, passes, lanes = (int(part[2:]) for part in cost.split(","))
        salt, key = _octets(salt_text), _octets(key_text)
        if salt is None or key is None:
            return False
        found = self.derive(
            kind,
            password,
            salt,
            memory_kib=memory_kib,
            passes=passes,
            lanes=lanes,
            size=len(key),
        )
        return compare_digest(found, key)

    def derive(
        self,
        kind: str,
        password: bytes,
        salt: bytes,
        *,
        memory_kib: int,
        passes: int,
        lanes: int,
        size: int,
        secret: bytes = b"",
        associated: bytes = b"",
    ) -> bytes:
        """Return the key of RFC 9106, 3.1. Raises UnavailableError when there is no memory."""
        new = self._ffi.new
        out = new("uint8_t[]", size)
        inputs = [new("uint8_t[]", octets) for octets in (password, salt, secret, associated)]
        context = new("argon2_context *")
        context.out, context.outlen = out, size
        context.pwd, context.salt, context.secret, context.ad = inputs
        context.pwdlen, context.saltlen = len(password), len(salt)
        context.secretlen, context.adlen = len(secret), len(associated)
        context.m_cost, context.t_cost, context.lanes = memory_kib, passes, lanes
        context.threads = 1  # Lanes are computed one after the other: the thread is one of few.
        context.version = VERSION
        context.allocate_cbk, context.free_cbk = self._take, self._give_back
        self._run(context, kind, memory_kib * 1024)
        return bytes(self._ffi.buffer(out))

    def _run(self, context: Any, kind: str, size: int) -> None:  # noqa: ANN401 - cffi's own
        lib = self._lib
        arena = self._arenas.get(size)
        self._lend(arena.address, arena.size)
        try:
            answer = lib.argon2_ctx(context, lib.Argon2_id if kind == "argon2id" else lib.Argon2_i)
        finally:
            # The arena may go with this call.
            self._lend(None, 0)
        if answer == lib.ARGON2_MEMORY_ALLOCATION_ERROR:
            raise no_memory()
        if answer != lib.ARGON2_OK:
            raise RuntimeError(f"libargon2 says {answer}")

    def _pointer(self, kind: str, name: str) -> Any:  # noqa: ANN401 - cffi's own
        address = ctypes.cast(getattr(self._lender, name), ctypes.c_void_p).value
        return self._ffi.cast(kind, address)


def _extension(path: Path) -> Any:  # noqa: ANN401 - compiled, without types
    """Load the extension from where it lies, which is on nobody's path."""
    # The last part of the name is that of the function that begins it.
    name = "watchword_native._ffi"
    spec = spec_from_file_location(name, path, loader=ExtensionFileLoader(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no extension")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _text(octets: bytes) -> str:
    return b64encode(octets).decode("ascii").rstrip("=")


def _octets(text: str) -> bytes | None:
    """Return the octets of base64; None where it spells none, or has bits past the last one."""
    try:
        octets = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None
    return octets if _text(octets) == text else None
