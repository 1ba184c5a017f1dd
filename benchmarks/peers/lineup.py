"""Who takes part. Ours first; then those that people would pick instead."""

from peers.better_auth import BetterAuth
from peers.django import Django
from peers.fastapi_users import FastapiUsers
from peers.openbao import OpenBao
from peers.ours import Watchword
from peers.peer import Peer
from peers.pocketbase import PocketBase


def lineup() -> list[Peer]:
    return [
        Watchword(),
        Watchword(postgres=True),
        Watchword(log="info"),
        BetterAuth(postgres=True),
        BetterAuth(),
        PocketBase(),
        OpenBao(),
        FastapiUsers(postgres=True),
        FastapiUsers(),
        Django(),
    ]
