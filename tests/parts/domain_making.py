"""Makes domains: one with everybody in it, once, and DCs of it as often as one likes.

To make one takes three seconds, a copy some milliseconds, and to start its DC half a second.
"""

import importlib.util
import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parts.domain import (
    ADMIN_PASSWORD,
    DNS_DOMAIN,
    LDAP,
    NETBIOS,
    PASSWORD,
    REALM,
    SYSTEM_PYTHON,
    Domain,
    outside,
)
from parts.tls import make_pair

CONFIGURATION = """[global]
  netbios name = DC1
  realm = {realm}
  workgroup = {netbios}
  server role = active directory domain controller
  server services = ldap, kdc, cldap
  dcerpc endpoint servers = remote
  interfaces = {address}/8
  bind interfaces only = yes
  private dir = {folder}/private
  lock directory = {folder}
  state directory = {folder}/state
  cache directory = {folder}/cache
  pid directory = {folder}/run
  ncalrpc dir = {folder}/run/ncalrpc
  winbindd socket directory = {folder}/run/winbindd
  ntp signd socket directory = {folder}/run/ntp
  binddns dir = {folder}/bind-dns
  log file = {folder}/output
  logging = file
  log level = 1
  tls enabled = yes
  tls keyfile = {folder}/tls/key.pem
  tls certfile = {folder}/tls/certificate.pem
  tls cafile = {folder}/tls/certificate.pem
  ldap server require strong auth = yes
  old password allowed period = 0
"""
"""The last line: else the old password is good for an hour after a change, as it is on Windows."""

KERBEROS = """[libdefaults]
  default_realm = {realm}
  dns_lookup_realm = false
  dns_lookup_kdc = false
  rdns = false
  dns_canonicalize_hostname = false
[realms]
  {realm} = {{
    kdc = {address}
    admin_server = {address}
  }}
[domain_realm]
  .{dns} = {realm}
  {dns} = {realm}
"""


def missing() -> str:
    """Return what is not here that a DC and its tests need; empty if all is."""
    if os.geteuid() != 0:
        return "a DC needs root: its ports are below 1024"
    if shutil.which("samba") is None:
        return "no `samba` here: install Debian's package `samba-ad-dc`"
    probe = [SYSTEM_PYTHON, "-c", "import samba.provision"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        return "no modules of Samba here: install Debian's package `samba-ad-provision`"
    if importlib.util.find_spec("ldap") is None:
        return "no python-ldap here: make setup-directory"
    return ""


def make_domain(folder: Path) -> None:
    """Fill a new folder with a domain, from which DCs can be copied."""
    made = subprocess.run(
        [SYSTEM_PYTHON, "-m", "parts.domain_seed", str(folder), ADMIN_PASSWORD, PASSWORD],
        capture_output=True,
        text=True,
        env=outside(),
        check=False,
    )
    assert made.returncode == 0, made.stderr


@contextmanager
def running_domain(made: Path) -> Iterator[Domain]:
    """Run a DC on a copy of a domain; nothing is left of it afterwards."""
    with tempfile.TemporaryDirectory(prefix="watchword-dc-") as name:
        folder, address = Path(name), free_address()
        shutil.copytree(made, folder, dirs_exist_ok=True)
        configure(folder, address)
        domain = Domain(folder, address)
        try:
            domain.start()
            yield domain
        finally:
            domain.close()


def configure(folder: Path, address: str) -> None:
    """Write what a DC and its clients read of it."""
    words = {"folder": folder, "address": address, "realm": REALM, "netbios": NETBIOS}
    (folder / "etc" / "smb.conf").write_text(CONFIGURATION.format(**words), "utf-8")
    (folder / "krb5.conf").write_text(KERBEROS.format(**words, dns=DNS_DOMAIN), "utf-8")
    for needed in ("tls", "run"):
        (folder / needed).mkdir()
    names = (f"dc1.{DNS_DOMAIN}", "localhost", address, "127.0.0.1")
    pair = make_pair(folder / "tls", *names, days=90)  # one that ends soon is told to people
    pair.key.chmod(0o600)  # Samba reads no key that others could


def free_address() -> str:
    """Return an address of this machine where no DC is; the ports of all DCs are the same."""
    while True:
        low, middle, high = random.randrange(1, 255), random.randrange(256), random.randrange(64)
        address = f"127.{64 + high}.{middle}.{low}"
        with socket.socket() as probe:
            try:
                probe.bind((address, LDAP))
            except OSError:
                continue
        return address
