"""How many binds a second a domain controller takes, each on a connection of its own.

The limit of log-ins: nothing but TLS and the bind, by OpenLDAP's library in threads.
"""

import json
import sys
import threading
import time
from itertools import cycle, islice
from typing import Any

import ldap

THREADS = 16

Json = Any  # what is asked for


def main(asked: Json) -> None:
    ends_at = time.perf_counter() + asked["seconds"]
    counts = [0] * THREADS

    def bind(number: int) -> None:
        for name in islice(cycle(asked["names"]), number, None):
            if time.perf_counter() >= ends_at:
                return
            _bind(asked, name)
            counts[number] += 1

    threads = [threading.Thread(target=bind, args=(number,)) for number in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    print(sum(counts) / asked["seconds"])


def _bind(asked: Json, name: str) -> None:
    connection = ldap.initialize(asked["url"])
    connection.set_option(ldap.OPT_X_TLS_CACERTFILE, asked["ca_file"])
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    connection.simple_bind_s(name, asked["password"])
    connection.unbind_s()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
