"""What a user name and an e-mail address may be, and when two of them are the same."""

import re
import unicodedata

NAME_LENGTH_MAX = 100
ADDRESS_LENGTH_MAX = 254
"""RFC 5321, 4.5.3.1.3: a path has 256 octets, two of them angle brackets."""

# Controls, formats, surrogates, private use and unassigned code points.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Default-ignorable code points (Unicode 15, DerivedCoreProperties) of other categories:
# they show as nothing, so two names that look alike would be two accounts.
_IGNORABLE = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0}
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
_NEVER_IN_ADDRESSES = re.compile(r"""[\s<>(),;:"\\\[\]\u3002]""")


def canonical(text: str) -> str:
    """Fold the spellings of one name or address into a single key."""
    # NFKC before casefold: full-width letters must not make a second "ada". Once more
    # after it: casefold can leave a text that is not NFKC (Unicode 15, 3.13, D147).
    folded = unicodedata.normalize("NFKC", text).strip().casefold()
    return unicodedata.normalize("NFKC", folded)


def is_clean(text: str) -> bool:
    """Say whether the text has only characters that a person can see and we can store."""
    if text.isascii():
        return text.isprintable()
    return not any(
        unicodedata.category(char) in _REFUSED_CATEGORIES or ord(char) in _IGNORABLE
        for char in text
    )


def is_name(text: str) -> bool:
    """Say whether this trimmed text can be a user name: 1 to 100 visible characters."""
    return 1 <= len(text) <= NAME_LENGTH_MAX and is_clean(text) and len(canonical(text)) >= 1


def is_address(text: str) -> bool:
    """Say whether this text can be an e-mail address that we would send a letter to."""
    local, at, domain = text.rpartition("@")
    return (
        bool(local and at and domain)
        and len(text) <= ADDRESS_LENGTH_MAX
        and is_clean(text)
        and not _NEVER_IN_ADDRESSES.search(text)
        and "@" not in local
        # A letter that only looks like another is another mailbox, but would be one key.
        and unicodedata.normalize("NFKC", text) == unicodedata.normalize("NFC", text)
    )
