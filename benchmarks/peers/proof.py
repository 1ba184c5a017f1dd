"""Make sure of a peer's answers, before it is timed and after: what is wrong is not compared."""

from peers.ground import Unusable
from peers.peer import NAME, Ask, Credential
from peers.serving import NAMES, Live

_SPOIL = ("Bench-", "Wrong-")
"""What makes a wrong password of the right one, however its end is written."""


def prove(live: Live) -> None:
    """Everybody's token and key give their own name, and what is wrong gives nothing."""
    peer = live.peer
    for name, credential in zip(NAMES, live.held, strict=True):
        _expect(live, peer.check, credential, name, peer.holds)
    _refuse(live, peer.check, live.held[0], peer.holds)
    if peer.key:
        for name, key in zip(NAMES, live.keys, strict=True):
            _expect(live, peer.key, Credential(key), name, peer.key_holds)
        _refuse(live, peer.key, Credential(live.keys[0]), peer.key_holds)
    _refuse_password(live)


def _asked(live: Live, ask: Ask, held: Credential) -> tuple[int, str]:
    return live.ask(ask, token=held.token, id=held.id)


def _expect(live: Live, ask: Ask, held: Credential, name: str, holds: str) -> None:
    status, text = _asked(live, ask, held)
    if status != 200 or holds.replace(NAME, name) not in text:
        raise Unusable(f"{ask.path} answered {status} without what it should hold: {text[:200]}")


def _refuse(live: Live, ask: Ask, held: Credential, holds: str) -> None:
    """Take a status for a refusal, and the `null` that better-auth sends with 200."""
    status, text = _asked(live, ask, Credential(spoiled(held.token), held.id))
    if status >= 500 or (status == 200 and holds.replace(NAME, NAMES[0]) in text):
        raise Unusable(f"{ask.path} answered {status} to a wrong token: {text[:200]}")


def spoiled(token: str) -> str:
    """Change one letter near the end: in a JWT it is of the signature."""
    place = len(token) - 9
    other = "A" if token[place] != "A" else "B"
    return token[:place] + other + token[place + 1 :]


def _refuse_password(live: Live) -> None:
    ask = live.peer.login
    wrong = Ask(ask.method, ask.path, ask.text.replace(*_SPOIL), ask.kind)
    status, text = live.ask(wrong, name=NAMES[0])
    if not 400 <= status < 500:
        raise Unusable(f"a wrong password was answered {status}: {text[:200]}")
