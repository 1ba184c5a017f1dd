"""Identifiers, one type per noun so that they cannot be mixed up."""

from typing import NewType

AccountId = NewType("AccountId", str)
ApiKeyId = NewType("ApiKeyId", str)
GroupId = NewType("GroupId", str)
JobId = NewType("JobId", int)
LetterId = NewType("LetterId", str)
SessionId = NewType("SessionId", str)
TicketId = NewType("TicketId", str)
