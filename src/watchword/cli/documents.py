"""The shapes of our nouns in JSON answers. Scripts build on them: keys are added, never renamed."""

import json
from datetime import datetime

from watchword.cli.answers import iso
from watchword.core.accounts.model import Account
from watchword.core.apikeys.model import ApiKey
from watchword.core.audit.model import Event
from watchword.core.directory.model import Person
from watchword.core.directory.port import Finding
from watchword.core.groups.model import Group, Membership
from watchword.core.jobs.flows import FlowCard
from watchword.core.jobs.model import Job
from watchword.core.outbox.model import Entry, Standing
from watchword.core.sessions.model import Session, session_label
from watchword.core.signing.model import SigningKey

Document = dict[str, object]


def account_document(account: Account) -> Document:
    return {
        "id": account.id,
        "name": account.name,
        "role": str(account.role),
        "state": str(account.state),
        "source": str(account.source),
        "email": account.email,
        "email_confirmed_at": iso(account.email_confirmed_at),
        "first_name": account.first_name,
        "last_name": account.last_name,
        "created_at": iso(account.created_at),
        "updated_at": iso(account.updated_at),
    }


def session_document(session: Session, account_name: str) -> Document:
    """Describe a session by its label: the id itself stands in tokens."""
    return {
        "label": session_label(session.id),
        "account_id": session.account_id,
        "account_name": account_name,
        "dialect": session.dialect,
        "kind": str(session.kind),
        "client": session.client,
        "address": session.address,
        "created_at": iso(session.created_at),
        "last_used_at": iso(session.last_used_at),
        "expires_at": iso(session.expires_at),
    }


def api_key_document(key: ApiKey, account_name: str, now: datetime) -> Document:
    """Describe an API key; nothing of this opens anything."""
    return {
        "id": key.id,
        "account_id": key.account_id,
        "account_name": account_name,
        "name": key.name,
        "hint": key.hint,
        "scopes": scope_names(key),
        "per_minute": key.per_minute,
        "created_at": iso(key.created_at),
        "last_used_at": iso(key.last_used_at),
        "expires_at": iso(key.expires_at),
        "expired": not key.works(now),
    }


def scope_names(key: ApiKey) -> list[str]:
    return sorted(map(str, key.scopes))


def group_document(group: Group) -> Document:
    return {
        "id": group.id,
        "name": group.name,
        "password_days": group.password_days,
        "password_history": group.password_history,
        "created_at": iso(group.created_at),
    }


def member_document(membership: Membership, account_name: str) -> Document:
    return {
        "account_id": membership.account_id,
        "account_name": account_name,
        "role": membership.role,
    }


def membership_document(membership: Membership) -> Document:
    """Describe a membership to whom it belongs to."""
    return {
        "id": membership.group.id,
        "name": membership.group.name,
        "role": membership.role,
    }


def letter_document(entry: Entry) -> Document:
    """Describe a letter without its words."""
    return {
        "id": entry.id,
        "kind": str(entry.kind),
        "to": entry.to,
        "standing": str(entry.standing),
        "tries": entry.tries,
        "reason": entry.reason,
        "created_at": iso(entry.created_at),
        "next_at": iso(entry.next_at) if entry.standing is Standing.WAITING else None,
        "settled_at": iso(entry.settled_at),
    }


def flow_document(card: FlowCard) -> Document:
    return {
        "name": card.name,
        "summary": card.summary,
        "needs": str(card.needs),
        "lane": str(card.lane),
        "runs_alone": card.runs_alone,
        "schema": json.loads(card.schema),
    }


def job_document(job: Job, owner_name: str) -> Document:
    """Describe a job. What its flow counts, notes and returns stands there as it is."""
    return {
        "id": job.id,
        "flow": job.flow,
        "state": str(job.state),
        "parameters": json.loads(job.parameters),
        "owner": job.owner,
        "owner_name": owner_name,
        "key": job.key,
        "lane": str(job.lane),
        "done": job.progress.done,
        "total": job.progress.total,
        "counts": dict(job.progress.counts),
        "note": job.progress.note,
        "tries": job.tries,
        "cancel_asked": job.cancel_asked,
        "error": job.error,
        "result": json.loads(job.result) if job.result else None,
        "output": job.media if job.pieces else None,
        "created_at": iso(job.created_at),
        "due_at": iso(job.due_at),
        "started_at": iso(job.started_at),
        "finished_at": iso(job.finished_at),
    }


def event_document(event: Event) -> Document:
    return {
        "at": iso(event.at),
        "action": str(event.action),
        "subject": event.subject,
        "actor": event.actor,
        "address": event.address,
        "dialect": event.dialect,
        "detail": event.detail,
    }


def key_document(key: SigningKey) -> Document:
    return {
        "id": key.id,
        "algorithm": str(key.algorithm),
        "state": key_state(key),
        "created_at": iso(key.created_at),
        "retired_at": iso(key.retired_at),
        "public": json.loads(key.public),
    }


def key_state(key: SigningKey) -> str:
    return "signing" if key.retired_at is None else "retired"


def finding_document(directory: str, finding: Finding) -> Document:
    return {
        "directory": directory,
        "step": finding.title,
        "ok": finding.is_good,
        "found": finding.text,
    }


def person_document(person: Person) -> Document:
    """Describe somebody of a directory; `closed` is why it lets nobody in as them."""
    return {
        "directory": person.directory,
        "guid": person.guid,
        "login": person.login,
        "upn": person.upn,
        "dn": person.dn,
        "name": person.name,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "closed": person.closed.value or None,
        "groups": sorted(person.groups),
        "password_set_at": iso(person.password_at),
    }
