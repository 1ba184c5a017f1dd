"""The line that each request writes costs little, and looks like every other."""

from observability.conftest import Written
from watchword.observability.log import configure, get_logger, request_id, tell

log = get_logger("watchword.test")


class TestTheLineOfARequest:
    def test_it_looks_like_every_other(self, written: Written) -> None:
        """The same members in the same order as a logger writes."""
        configure(worker=1, stream=written)
        outer = request_id.set("r1")
        tell("watchword.test", "request", status=200, ms=1.5, route="/x")
        log.info("request", status=200, ms=1.5, route="/x")
        request_id.reset(outer)

        quick, usual = written.lines()
        assert list(quick) == list(usual)
        assert {**quick, "time": ""} == {**usual, "time": ""}

    def test_it_is_quiet_when_asked(self, written: Written) -> None:
        """A level above info silences it."""
        configure("warning", stream=written)

        tell("watchword.test", "request", status=200)

        assert written.lines() == []

    def test_an_id_from_elsewhere_is_looked_through(self, written: Written) -> None:
        """A proxy may name requests by something that it should not."""
        outer = request_id.set("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2lnbmF0dXJl")
        tell("watchword.test", "request")
        request_id.reset(outer)

        assert "eyJ" not in written.getvalue()

    def test_it_can_be_text(self, written: Written) -> None:
        """For who reads along at a terminal."""
        configure(format="text", stream=written)

        tell("watchword.test", "request", status=200)

        assert "request" in written.getvalue()
        assert "status=200" in written.getvalue()
