"""What the doctor finds, and how bad it is."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How much a finding matters: `fail` means that something does not work or is not safe."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `advice` says what to do, where there is something to do."""

    check: str
    grade: Grade
    found: str
    advice: str = ""

    @property
    def document(self) -> dict[str, object]:
        return {
            "check": self.check,
            "grade": str(self.grade),
            "found": self.found,
            "advice": self.advice,
        }


def ok(check: str, found: str, advice: str = "") -> Finding:
    return Finding(check, Grade.OK, found, advice)


def warn(check: str, found: str, advice: str) -> Finding:
    return Finding(check, Grade.WARN, found, advice)


def fail(check: str, found: str, advice: str) -> Finding:
    return Finding(check, Grade.FAIL, found, advice)
