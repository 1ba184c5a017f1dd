"""Answers that are known: what every build must say before it is believed."""

from watchword.crypto.builds.build import Build

# From the tests of the reference implementation; small, so that they cost next to nothing.
_PASSWORD = b"password"
_KNOWN = (
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
)


def answers_rightly(build: Build) -> bool:
    """Say whether known hashes match, wrong ones do not, and what it computes matches."""
    new = build.compute(_PASSWORD, memory_kib=64, passes=2)
    known = (*_KNOWN, new)
    return all(build.matches(_PASSWORD, one) for one in known) and not any(
        build.matches(b"Password", one) for one in known
    )
