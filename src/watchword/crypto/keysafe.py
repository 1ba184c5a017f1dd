"""How API keys are kept: a keyed digest to find one by, and a ciphertext to show it again."""

from watchword.crypto.master import MasterKey, SealError, Standing


class StoredKeySafe:
    """The KeySafe over the master key and its retired siblings.

    A digest carries the label of the master key it was made by: so an operator can be told
    which keys still hang on a retired one, although nobody has their text.
    """

    def __init__(self, master: MasterKey) -> None:
        self._master = master

    def digests(self, text: str) -> tuple[str, ...]:
        return self._master.digests("api-key", text)

    def seal(self, text: str, *, about: str) -> str:
        return self._master.seal(text.encode(), about=_about(about))

    def reveal(self, sealed: str, *, about: str) -> str | None:
        try:
            return self._master.unseal(sealed, about=_about(about)).decode()
        except SealError:
            return None

    def standing(self, digest: str) -> Standing:
        """Say by which master key a stored key is found; its ciphertext is under the same."""
        return self._master.digest_standing(digest)


def _about(key: str) -> str:
    # What is sealed for an API key never opens as anything else of ours.
    return f"api key {key}"
