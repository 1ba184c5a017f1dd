"""Sessions, signing keys and the feed of revocations in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from fakes_rows import MemoryStore, Rows, check_text, page_of
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.revocations.model import Kind, Revocation
from watchword.core.sessions.model import Session
from watchword.core.sessions.store import SessionUse
from watchword.core.signing.model import SigningKey
from watchword.storage.cursor import read_cursor, within_page
from watchword.storage.moments import LAST, stored


class MemorySessions(MemoryStore):
    """Implements SessionStore."""

    async def by_id(self, session_id: SessionId) -> Session | None:
        return self.look().sessions.get(session_id)

    async def of(self, account_id: AccountId, *, at: datetime) -> tuple[Session, ...]:
        listed = _newest_first(self.look(), account_id)
        return tuple(session for session in listed if session.expires_at > at)[:PAGE_MAX]

    async def page(self, *, at: datetime, after: str | None = None, limit: int) -> Page[Session]:
        begin = (LAST, "") if after is None else read_cursor("sessions", after)
        listed = sorted(
            (
                (stored(session.created_at), session.id, session)
                for session in self.look().sessions.values()
                if session.expires_at > at
            ),
            key=lambda item: item[:2],
            reverse=True,
        )
        return page_of("sessions", [item for item in listed if item[:2] < begin], limit)

    async def count_of(self, account_id: AccountId, *, dialect: str | None = None) -> int:
        own = _newest_first(self.look(), account_id)
        return sum(dialect in (None, session.dialect) for session in own)

    async def count_expired(self, *, at: datetime) -> int:
        return sum(one.expires_at <= at for one in self.look().sessions.values())

    def add(self, session: Session) -> None:
        def write(rows: Rows) -> None:
            if session.account_id not in rows.accounts:
                raise NotFoundError
            if session.id in rows.sessions:
                raise ConflictError
            rows.sessions[session.id] = session

        check_text(session.address, session.client)
        self.record(write)

    def require(self, session_id: SessionId) -> None:
        def write(rows: Rows) -> None:
            if session_id not in rows.sessions:
                raise DeniedError

        check_text(session_id)
        self.record(write)

    def end(self, session_id: SessionId) -> None:
        check_text(session_id)
        self.record(lambda rows: rows.drop_session(session_id))

    def end_all_of(self, account_id: AccountId, *, but: SessionId | None = None) -> None:
        def write(rows: Rows) -> None:
            for session in _newest_first(rows, account_id):
                if session.id != but:
                    rows.drop_session(session.id)

        self.record(write)

    def end_oldest_of(self, account_id: AccountId, *, keep: int) -> None:
        def write(rows: Rows) -> None:
            for session in _newest_first(rows, account_id)[max(0, keep) :]:
                rows.drop_session(session.id)

        self.record(write)

    def end_idlest_of(self, account_id: AccountId, *, dialect: str, keep: int) -> None:
        def write(rows: Rows) -> None:
            own = [one for one in _newest_first(rows, account_id) if one.dialect == dialect]
            # The order is stable: of those used at one moment the newest comes first.
            own.sort(key=lambda one: one.last_used_at or one.created_at, reverse=True)
            for session in own[max(0, keep) :]:
                rows.drop_session(session.id)

        self.record(write)

    def end_idle(self, session_ids: Sequence[SessionId], *, since: datetime) -> None:
        def write(rows: Rows) -> None:
            for session_id in session_ids:
                session = rows.sessions.get(session_id)
                if session is not None and session.is_idle(since):
                    rows.drop_session(session_id)

        check_text(*session_ids)
        self.record(write)

    def used(self, uses: Sequence[SessionUse]) -> None:
        def write(rows: Rows) -> None:
            for use in uses:
                session = rows.sessions.get(use.session_id)
                if session and (session.last_used_at is None or session.last_used_at < use.at):
                    rows.sessions[session.id] = replace(session, last_used_at=use.at)

        self.record(write)

    def end_expired(self, *, at: datetime, limit: int) -> None:
        def write(rows: Rows) -> None:
            over = [one for one in rows.sessions.values() if one.expires_at <= at]
            for session in sorted(over, key=lambda one: one.expires_at)[:limit]:
                del rows.sessions[session.id]

        self.record(write)


class MemorySigningKeys(MemoryStore):
    """Implements SigningKeyStore."""

    async def all(self) -> tuple[SigningKey, ...]:
        keys = self.look().keys.values()
        return tuple(sorted(keys, key=lambda key: (key.created_at, key.id), reverse=True))

    def add_first(self, key: SigningKey) -> None:
        def write(rows: Rows) -> None:
            if rows.keys:
                raise ConflictError("signing_key")
            rows.keys[key.id] = key
            rows.revoked = True

        self.record(write)

    def rotate(self, key: SigningKey) -> None:
        def write(rows: Rows) -> None:
            rows.keys = {one.id: one.retire(key.created_at) for one in rows.keys.values()}
            rows.keys[key.id] = key
            rows.revoked = True

        self.record(write)

    def delete_retired(self, *, before: datetime) -> None:
        self._keep(lambda key: key.retired_at is None or key.retired_at >= before)

    def delete_others(self, key_id: str) -> None:
        self._keep(lambda key: key.id == key_id, is_logged=True)

    def _keep(self, stays: Callable[[SigningKey], bool], *, is_logged: bool = False) -> None:
        def write(rows: Rows) -> None:
            kept = {key.id: key for key in rows.keys.values() if stays(key)}
            if kept == rows.keys:
                return
            rows.revoked = True
            rows.keys = kept
            if is_logged:
                rows.log(Kind.KEYS)

        self.record(write)


class MemoryRevocationLog(MemoryStore):
    """Implements RevocationLog."""

    async def since(self, number: int, *, limit: int) -> tuple[Revocation, ...]:
        told = (one.told for one in self.look().revocations)
        return tuple(one for one in told if one.number > number)[: within_page(limit)]

    async def latest(self) -> int:
        return self.look().last_number

    def purge(self, *, at: datetime, limit: int) -> None:
        def write(rows: Rows) -> None:
            # The newest stays, for its number.
            over = [one for one in rows.revocations[:-1] if one.until and one.until <= at]
            gone = sorted(over, key=lambda one: (one.until, one.told.number))[:limit]
            rows.revocations = [one for one in rows.revocations if one not in gone]

        self.record(write)


def _newest_first(rows: Rows, account_id: AccountId) -> list[Session]:
    own = [session for session in rows.sessions.values() if session.account_id == account_id]
    return sorted(own, key=lambda session: (session.created_at, session.id), reverse=True)
