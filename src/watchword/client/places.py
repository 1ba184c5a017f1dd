"""What a user hands over in writing, checked before it is used: a base URL, an API key."""

import httpx


def base_url_of(text: str) -> str:
    """Return a base URL without the slash at its end. Raises ValueError, without the text."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise ValueError("The base URL is no URL.") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("The base URL must begin with https:// or http:// and name a host.")
    if url.userinfo or url.query or url.fragment:
        raise ValueError("The base URL must have no user, no query and no fragment.")
    return str(url).rstrip("/")


def key_of(text: str) -> str:
    """Return an API key that may stand in a header. Raises ValueError, without the text."""
    # What may not stand there would come back in the words of an exception of h11.
    if not text or not all("!" <= character <= "~" for character in text):
        raise ValueError("That is no API key.")
    return text
