"""Django with djoser, simplejwt and djangorestframework-api-key."""

import shutil
from pathlib import Path
from typing import Any

from peers.ground import CORES, Ground
from peers.peer import ARGON2, NAME, PASSWORD, TOKEN, Ask, Credential, Peer

_PROCESSES = 2 * CORES + 1
_APPS = Path(__file__).parent / "apps"
_MAKE_KEYS = """
import django; django.setup()
from rest_framework_api_key.models import APIKey
for number in range({count}): print(APIKey.objects.create_key(name=str(number))[1])
"""


class Django(Peer):
    """Under gunicorn with as many processes as gunicorn advises."""

    name = "Django"
    version = "5.2.19, djoser 2.3.5, simplejwt 5.5.1, api-key 3.1.0, gunicorn 27.0.1"
    packages = (
        "Django==5.2.19",
        "djangorestframework==3.18.3",
        "djangorestframework-simplejwt==5.5.1",
        "djangorestframework-api-key==3.1.0",
        "djoser==2.3.5",
        "gunicorn==27.0.1",
        "argon2-cffi==25.1.0",
        "argon2-cffi-bindings==26.2.0",
        "psycopg[binary]==3.3.9",
    )
    folder = "django"
    register = Ask(
        "POST",
        "/auth/users/",
        {"username": NAME, "email": f"{NAME}@example.com", "password": PASSWORD},
    )
    login = Ask("POST", "/auth/jwt/create/", {"username": NAME, "password": PASSWORD})
    check = Ask("GET", "/auth/users/me/", headers={"Authorization": f"Bearer {TOKEN}"})
    key = Ask("GET", "/key", headers={"Authorization": f"Api-Key {TOKEN}"})
    key_holds = "true"

    def __init__(self, *, postgres: bool = False) -> None:
        self.postgres = postgres
        self.programs = ("initdb",) if postgres else ()
        self.runs = f"gunicorn, {_PROCESSES} processes; {self.store}"

    def prepare(self, ground: Ground) -> None:
        for module in ("settings", "app"):
            shutil.copy(_APPS / f"django_{module}.txt", ground.data / f"{module}.py")
        command = [str(ground.python), "-m", "django", "migrate", "-v0"]
        ground.run(command, self.environment(ground))

    def command(self, ground: Ground) -> list[str]:
        app = "django.core.wsgi:get_wsgi_application()"
        where = ["-b", f"127.0.0.1:{ground.port}", "-w", str(_PROCESSES), "--log-level", "error"]
        return [str(ground.python), "-m", "gunicorn", app, *where]

    def environment(self, ground: Ground) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(ground.data),
            "DATABASE_URL": ground.database,
            **{f"ARGON2_{name}".upper(): str(value) for name, value in ARGON2.items()},
        }

    def credential(self, answer: Any) -> Credential:  # noqa: ANN401
        return Credential(answer["access"])

    def keys(self, ground: Ground, held: list[Credential]) -> list[str]:
        """Make as many keys; they belong to nobody."""
        program = _MAKE_KEYS.format(count=len(held))
        return ground.run([str(ground.python), "-c", program], self.environment(ground)).split()
