"""The controllers of one directory, of which the first that answers is asked."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from watchword.core.kernel.errors import UnavailableError
from watchword.directory.breaker import Breaker, Ticks
from watchword.directory.line import LdapRefusedError, Line, LineLostError
from watchword.directory.options import DirectoryOptions
from watchword.directory.pool import Pool
from watchword.directory.service import ServiceAccount
from watchword.directory.signs import look_at
from watchword.directory.subcodes import is_busy
from watchword.observability.log import get_logger

_log = get_logger("watchword.directory")

_BESIDES_S = 0.8
"""What a whole question may take longer than one step of it: 3.8 s, where a step takes 3."""

_KEPT_S = 1.2
"""What one controller leaves to those after it: enough for a quick one."""

AT_ONCE = 64
LOOK_EACH_S = 10.0
_READING_S = 30.0
"""A page of a thousand people takes longer than a log-in, and nobody waits for it."""

Answer = TypeVar("Answer")


class Controller:
    """One controller: how to reach it, and whether it answers."""

    def __init__(
        self, url: str, options: DirectoryOptions, service: ServiceAccount, ticks: Ticks
    ) -> None:
        self.url = url
        self.host = urlsplit(url).netloc
        self.breaker = Breaker(ticks)
        self.pool = Pool(self.open_service, size=options.pool_size, ticks=ticks)
        self.can_look = options.can_look
        self.root = options.root
        self._options = options
        self._service = service
        self._turn = asyncio.Lock()

    async def open(self, *, answer_s: float | None = None) -> Line:
        """Open a line of one's own, on which nobody has said who they are."""
        options = self._options
        return await Line.open(
            self.url, ca_file=options.ca_file, timeout_s=options.timeout_s, answer_s=answer_s
        )

    async def open_service(self, *, answer_s: float | None = None) -> Line:
        """Open a line of one's own for the service account."""
        assert self._options.can_look
        line = await self.open(answer_s=answer_s)
        try:
            await self._service.bind(line, self._turn)
        except BaseException:
            line.close()
            raise
        return line


Work = Callable[[Controller], Awaitable[Answer]]


class Controllers:
    """Asks one controller after the other, the preferred first, within one deadline.

    `on_asked` is told the seconds of each question, `on_presence` whether any controller
    answers, when that is news.
    """

    def __init__(
        self,
        options: DirectoryOptions,
        *,
        ticks: Ticks,
        on_asked: Callable[[str, str, float], None],
        on_presence: Callable[[str, bool], None],
        look_each_s: float = LOOK_EACH_S,
    ) -> None:
        self._look_each_s = look_each_s
        self._name = options.name
        self._ticks = ticks
        self._on_asked = on_asked
        self._on_presence = on_presence
        self._step_s = options.timeout_s
        self._whole_s = options.timeout_s + _BESIDES_S
        service = ServiceAccount(options, ticks)
        self._all = [Controller(url, options, service, ticks) for url in options.urls]
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._was_present: bool | None = None

    def __iter__(self) -> Iterator[Controller]:
        return iter(self._all)

    @property
    def away_for(self) -> timedelta | None:
        """Since how long none has answered, None if one does, as far as we know."""
        lost = [one.breaker.lost_at for one in self._all]
        if not lost or None in lost:
            return None
        last = max(at for at in lost if at is not None)
        return timedelta(seconds=self._ticks() - last)

    async def ask(self, operation: str, work: Work[Answer]) -> Answer:
        """Let `work` ask a controller, and the next one if it raises LineLostError.

        So whatever is asked here may be asked twice. Raises UnavailableError if none answers
        in time.
        """
        started = self._ticks()
        deadline = asyncio.get_running_loop().time() + self._whole_s
        try:
            async with self._turn():
                return await self._ask_in_turn(work, deadline)
        finally:
            self._on_asked(self._name, operation, self._ticks() - started)

    @asynccontextmanager
    async def reading_line(self) -> AsyncIterator[Line]:
        """Hold a line of the service account for a long conversation with one controller."""
        line = await self.ask("read", lambda one: one.open_service(answer_s=_READING_S))
        try:
            yield line
        finally:
            line.close()

    async def watch(self) -> None:
        """Look for ever after controllers from which nothing is heard."""
        while True:
            quiet = [one for one in self._all if self._is_quiet(one)]
            await asyncio.gather(*map(self._look, quiet))
            await asyncio.sleep(self._look_each_s)

    def close(self) -> None:
        for controller in self._all:
            controller.pool.close()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Let no more than AT_ONCE ask; whoever waits leaves a controller the time it needs."""
        try:
            async with asyncio.timeout(_BESIDES_S):
                await self._at_once.acquire()
        except TimeoutError:
            raise UnavailableError(retry_after=math.ceil(self._whole_s)) from None
        try:
            yield
        finally:
            self._at_once.release()

    async def _ask_in_turn(self, work: Work[Answer], deadline: float) -> Answer:
        asked = [one for one in self._all if not one.breaker.is_silent]
        # Those that were good are not kept waiting for what may not be there.
        left = sorted(asked, key=lambda one: one.breaker.is_lost)
        while left:
            rest_s = deadline - asyncio.get_running_loop().time()
            controller, left = left[0], left[1:]
            share_s = self._share_s(rest_s, len(left), _rivals(controller, left))
            with suppress(LineLostError):
                return await self._try(controller, work, share_s)
        raise UnavailableError(retry_after=self._retry_after())

    def _share_s(self, rest_s: float, left: int, rivals: int) -> float:
        """Return how much of the rest one may take: a slow one needs most of it.

        `left` are those that come after it, and `rivals` those of them that are as good.
        """
        if not left:
            return rest_s
        kept_s = _KEPT_S if rivals else 0.0
        return min(max(rest_s - kept_s, rest_s / (rivals + 1)), self._step_s)

    async def _try(self, controller: Controller, work: Work[Answer], within_s: float) -> Answer:
        controller.breaker.begin()
        try:
            async with asyncio.timeout(within_s):
                answer = await work(controller)
        except TimeoutError:
            trouble = LineLostError("timeout")
        except LineLostError as error:
            trouble = error
        except LdapRefusedError as error:
            if not is_busy(error.result_code):
                self._heard(controller)
                raise self._misunderstood(controller, error) from error
            trouble = LineLostError("busy")
        except BaseException:
            controller.breaker.leave()
            raise
        else:
            self._heard(controller)
            return answer
        self._failed(controller, trouble)
        raise trouble

    def _misunderstood(self, controller: Controller, error: LdapRefusedError) -> UnavailableError:
        _log.error(
            "a controller refuses what it is asked",
            directory=self._name,
            controller=controller.host,
            result_code=error.result_code,
        )
        return UnavailableError()

    def _is_quiet(self, controller: Controller) -> bool:
        breaker = controller.breaker
        is_fresh = breaker.heard_at is not None and (
            self._ticks() - breaker.heard_at < self._look_each_s / 2
        )
        return breaker.is_lost or not is_fresh

    async def _look(self, controller: Controller) -> None:
        try:
            await self._try(controller, look_at, self._whole_s)
        except (LineLostError, UnavailableError):
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody would look any more
            _log.error("a look failed", reason=type(error).__name__, **self._words(controller))

    def _heard(self, controller: Controller) -> None:
        if controller.breaker.heard():
            _log.info("a controller answers again", **self._words(controller))
        self._tell_presence(is_present=True)

    def _failed(self, controller: Controller, trouble: LineLostError) -> None:
        if controller.breaker.failed():
            _log.warning(
                "a controller does not answer",
                because=trouble.because,
                detail=trouble.detail,
                **self._words(controller),
            )
        if self.away_for is not None:
            self._tell_presence(is_present=False)

    def _words(self, controller: Controller) -> dict[str, str]:
        return {"directory": self._name, "controller": controller.host}

    def _tell_presence(self, *, is_present: bool) -> None:
        if is_present is not self._was_present:
            self._was_present = is_present
            self._on_presence(self._name, is_present)

    def _retry_after(self) -> int:
        return max(1, math.ceil(min((one.breaker.wait_s for one in self._all), default=1.0)))


def _rivals(controller: Controller, left: Iterable[Controller]) -> int:
    """Return how many of those left may answer as well as this one, as far as we know."""
    return sum(one.breaker.is_lost <= controller.breaker.is_lost for one in left)
