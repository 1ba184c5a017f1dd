"""Pages for people: what the links in letters lead to, whatever dialects are spoken."""

from watchword.console.section import console

__all__ = ["console"]
