"""How letters are kept until they are sent: encrypted, for they hold secrets kept nowhere else."""

from watchword.crypto.master import MasterKey, SealError


class StoredLetterSafe:
    """The LetterSafe over the master key and its retired siblings."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master

    def seal(self, text: str, *, about: str) -> str:
        return self._master.seal(text.encode(), about=_about(about))

    def reveal(self, sealed: str, *, about: str) -> str | None:
        try:
            return self._master.unseal(sealed, about=_about(about)).decode()
        except SealError:
            return None


def _about(letter: str) -> str:
    # What is sealed for a letter never opens as anything else of ours.
    return f"letter {letter}"
