"""Request headers with one secret field that neither a redirect nor a `repr` takes along."""

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

import httpx


class UntoldHeaders(httpx.Headers):
    """Has the field for whoever sends the request or asks by name; a copy does not have it.

    httpx copies the headers of a request for the one that follows a redirect, to whatever
    origin that leads, and takes out of the copy only `Authorization`. It shows headers whole in
    their `repr`, but for that one. A test holds httpx to what is assumed here.
    """

    def __init__(self, headers: httpx.Headers, name: str, secret: str) -> None:
        super().__init__(headers)
        self._field = (name.encode(), secret.encode())

    @property
    def _whole(self) -> httpx.Headers:
        # Put together at each look: hooks may have changed the others since.
        return httpx.Headers([*httpx.Headers(self).raw, self._field])

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        return self._whole.raw

    def keys(self) -> KeysView[str]:
        return self._whole.keys()

    def values(self) -> ValuesView[str]:
        return self._whole.values()

    def items(self) -> ItemsView[str, str]:
        return self._whole.items()

    def multi_items(self) -> list[tuple[str, str]]:
        return self._whole.multi_items()

    def __getitem__(self, key: str) -> str:
        return self._whole[key]

    def __contains__(self, key: Any) -> bool:  # noqa: ANN401 - as httpx declares it
        return key in self._whole

    def __iter__(self) -> Iterator[Any]:
        return iter(self._whole)

    def __len__(self) -> int:
        return len(self._whole)

    def __repr__(self) -> str:
        return repr(httpx.Headers(self))
