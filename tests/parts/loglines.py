"""What was logged during a test, as the lines that an operator would read."""

import json
from dataclasses import dataclass, field
from io import StringIO
from typing import Any


@dataclass
class LogLines:
    """The log, from the beginning of the test."""

    stream: StringIO = field(default_factory=StringIO)

    def text(self) -> str:
        return self.stream.getvalue()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["event"] == event]
