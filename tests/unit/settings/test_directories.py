"""What an operator says about directories and Kerberos, and how mistakes in it are told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from watchword.core.services.directoryrules import Creates, Offline
from watchword.settings.directories import DirectorySettings
from watchword.settings.handover import pack, unpack
from watchword.settings.load import SettingsError, load
from watchword.settings.model import Settings

PASSWORD = "hunter2,and=more"
SID = "S-1-5-21-1004336348-1177238915-682003330-512"
DN = "CN=Staff,OU=Groups,DC=corp,DC=example,DC=com"
LEAST: dict[str, Any] = {"urls": ["ldaps://dc1.corp.example.com"], "domain": "corp.example.com"}


def loaded(directory: Mapping[str, Any], **more: object) -> Settings:
    said = {"directories": {"corp": {**LEAST, **directory}}, **more}
    return load(environ={}, overrides=said)


def problems(directory: Mapping[str, Any], **more: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        loaded(directory, **more)
    return caught.value.problems


class TestPlaces:
    def test_a_file_names_each_directory(self, tmp_path: Path) -> None:
        """The order is that of the file: user names alone are tried in it."""
        file = tmp_path / "watchword.toml"
        file.write_text(
            f"""
            [directories.corp]
            urls = ["LDAPS://DC1.corp.example.com/", "ldap://192.0.2.7:3389"]
            domain = "Corp.Example.com"
            groups = {{"Our staff" = ["{DN}"], "a.b" = ["{SID}"]}}
            roles.admin = ["{SID}"]
            attributes.email = "proxyAddress"
            [directories.a-2]
            urls = ["ldaps://[2001:db8::1]"]
            domain = "other.example"
            """
        )

        corp, other = load(file, environ={}).directories.values()

        assert corp.urls == ("ldaps://dc1.corp.example.com", "ldap://192.0.2.7:3389")
        assert corp.domain == "corp.example.com"
        assert corp.groups == {"Our staff": (DN,), "a.b": (SID,)}
        assert corp.roles == {"admin": (SID,)}
        assert (corp.attributes.email, corp.attributes.name) == ("proxyAddress", "sAMAccountName")
        assert other.urls == ("ldaps://[2001:db8::1]",)

    def test_the_environment_goes_before_the_file(self, tmp_path: Path) -> None:
        """A password comes from there; an underscore is the hyphen of the directory's name."""
        file = tmp_path / "watchword.toml"
        file.write_text('[directories.our-corp]\nurls = ["ldaps://dc"]\ndomain = "a.example"\n')
        environ = {
            "WATCHWORD_DIRECTORIES__OUR_CORP__BIND_PASSWORD": PASSWORD,
            "WATCHWORD_DIRECTORIES__OUR_CORP__BIND_USER": "reader@a.example",
            "WATCHWORD_DIRECTORIES__OUR_CORP__ATTRIBUTES__FIRST_NAME": "",
            "WATCHWORD_DIRECTORIES__OUR_CORP__DOMAIN": "b.example",
            "WATCHWORD_DIRECTORIES__OUR_CORP__ALLOWED_GROUPS": f'["{DN}"]',
            "WATCHWORD_DIRECTORIES__OUR_CORP__ROLES": f'{{"admin": ["{SID}"]}}',
            "WATCHWORD_DIRECTORIES__OUR_CORP__TIMEOUT_S": "1.5",
        }

        directory = load(file, environ=environ).directories["our-corp"]

        assert directory.bind_password.reveal() == PASSWORD
        assert directory.attributes.first_name == ""
        assert directory.domain == "b.example"
        assert directory.allowed_groups == (DN,)
        assert directory.roles == {"admin": (SID,)}
        assert directory.timeout_s == 1.5

    def test_there_is_none_unless_somebody_says_so(self, tmp_path: Path) -> None:
        """A heading alone is no directory."""
        file = tmp_path / "watchword.toml"
        file.write_text("[directories]\n")

        settings = load(file, environ={})

        assert settings == Settings()
        assert settings.directories == {}

    def test_another_process_of_ours_has_them_too(self) -> None:
        """Heavy jobs run there, with the password of the service account."""
        settings = loaded({"bind_user": "reader", "bind_password": PASSWORD, "create": "sync"})

        arrived = unpack(pack(settings))

        assert arrived == settings
        assert arrived.directories["corp"].bind_password.reveal() == PASSWORD

    def test_a_password_is_not_shown(self) -> None:
        """Who looks at the settings sees that there is one, and the rest."""
        settings = loaded({"bind_user": "reader", "bind_password": PASSWORD})

        shown = settings.redacted()["directories"]["corp"]

        assert (shown["bind_user"], shown["bind_password"]) == ("reader", "***")
        assert PASSWORD not in repr(settings)


class TestNames:
    @pytest.mark.parametrize("name", ["Corp", "2corp", "-a", "a_b", "a b", "a.b", "", "a" * 41])
    def test_a_name_is_simple(self, name: str) -> None:
        """It stands in addresses of metrics, on the command line and in the environment."""
        with pytest.raises(SettingsError) as caught:
            load(environ={}, overrides={"directories": {name: {"domain": "a.example"}}})

        (problem,) = caught.value.problems
        assert "a directory has a name of its own here" in problem

    @pytest.mark.parametrize(
        ("said", "problem"),
        [
            (5, "a directory has a name of its own here"),
            ({"corp": 5}, "directories.corp on the command line: is a table of keys, not a value"),
            ({"corp": {}}, "is empty: a directory needs urls and domain at least"),
            ({"corp": {**LEAST, "url": "x"}}, "the nearest is directories.corp.urls"),
            ({"corp": {**LEAST, "attributes": {"mail": "x"}}}, "directories.corp.attributes.email"),
            ({"corp": {**LEAST, "attributes": 5}}, "is a table of keys, not a value"),
        ],
    )
    def test_what_is_no_key_is_told(self, said: object, problem: str) -> None:
        """The message names the nearest key with the name of the directory in it."""
        with pytest.raises(SettingsError) as caught:
            load(environ={}, overrides={"directories": said})

        (told,) = caught.value.problems
        assert problem in told

    def test_the_nearest_variable_is_told(self) -> None:
        """Who wrote a variable is told of a variable."""
        environ = {"WATCHWORD_DIRECTORIES__OUR_CORP__PASSWORD": PASSWORD}

        with pytest.raises(SettingsError) as caught:
            load(environ=environ)

        (told,) = caught.value.problems
        assert told.endswith("the nearest is WATCHWORD_DIRECTORIES__OUR_CORP__BIND_PASSWORD")


class TestValues:
    @pytest.mark.parametrize(
        ("key", "value", "problem"),
        [
            ("urls", ["ldaps://a", "dc1"], "item 2 is written ldaps://host"),
            ("urls", ["https://a"], "item 1 is written"),
            ("urls", ["ldaps://"], "item 1 is written"),
            ("urls", ["ldaps://a:0"], "item 1 is written"),
            ("urls", ["ldaps://a:b"], "item 1 is written"),
            ("urls", ["ldaps://a/DC=a"], "item 1 is written"),
            ("urls", ["ldaps://a?x"], "item 1 is written"),
            ("urls", [f"ldaps://u:{PASSWORD}@a"], "item 1 is written"),
            ("urls", ["ldaps://a", "LDAPS://A/"], "names one of them twice"),
            ("domain", "corp.example.com.", "is the DNS name of the domain"),
            ("domain", "a b", "is the DNS name of the domain"),
            ("domain", "DC=a", "is the DNS name of the domain"),
            ("netbios", "CORP\\", "is the short name of the domain"),
            ("netbios", "C" * 16, "is the short name of the domain"),
            ("upn_suffixes", ["@example.com"], "item 1 is what follows the @"),
            ("upn_suffixes", ["a.example", "A.example"], "names one of them twice"),
            ("base", "People", "is a whole DN"),
            ("base", "OU=People", "is a whole DN"),
            ("user_filter", "(a=b", "parentheses that all close"),
            ("user_filter", "a=b", "parentheses that all close"),
            ("user_filter", "(a=b))", "parentheses that all close"),
            ("user_filter", "(a=b)(c=d)", "parentheses that all close"),
            ("user_filter", ")(", "parentheses that all close"),
            ("user_filter", "()", "parentheses that all close"),
            ("timeout_s", 31, "Expected `float` <= 30"),
            ("timeout_s", 0, "Expected `float` >= 0.1"),
            ("pool_size", 0, "Expected `int` >= 1"),
            ("create", "always", "must be one of never, login, sync"),
            ("offline", "allow", "must be one of refuse, sessions, cache"),
            ("cache_days", 0, "Expected `int` >= 1"),
            ("offline_grace_s", -1, "Expected `float` >= 0"),
            ("stop_percent", 101, "Expected `int` <= 100"),
            ("allowed_groups", ["Staff"], "item 1 is the SID of a group"),
            ("allowed_groups", [SID, "CN=Staff"], "item 2 is the SID of a group"),
            ("allowed_groups", ["S-1-5-21-x"], "item 1 is the SID of a group"),
            ("allowed_groups", [DN, DN.lower()], "names one of them twice"),
            ("roles", {"user": [SID]}, "knows the role admin alone"),
            ("roles", {"admin": SID}, "Expected `array`, got `str`"),
            ("roles", {"admin": ["Admins"]}, "item 1 is the SID of a group"),
            ("groups", {"": [SID]}, "whose name no group of ours can have"),
            ("groups", {" a": [SID]}, "whose name no group of ours can have"),
            ("groups", {"Staff": ["Staff"]}, "item 1 is the SID of a group"),
            ("bind_password", 5, "Expected `str`"),
            ("bind_user", "a\x00", "nobody can see"),
        ],
    )
    def test_each_is_refused_with_a_sentence(self, key: str, value: object, problem: str) -> None:
        """It says which key and what would do, and repeats no value."""
        (told,) = problems({"bind_user": "u", "bind_password": "p", key: value})

        assert told.startswith(f"directories.corp.{key} on the command line: ")
        assert problem in told
        assert PASSWORD not in told

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("user_filter", r"(&(a=b)(!(cn=x\28y\29)))"),
            ("base", "DC=corp,DC=example,DC=com"),
            ("base", "ou=A\\, B, ou=People, dc=corp"),
            ("allowed_groups", ["S-1-5-32-544", "s-1-5-21-1-2-3-512", DN]),
            ("netbios", "CORP-1"),
            ("upn_suffixes", ["example.com", "corp"]),
            ("stop_percent", 0),
        ],
    )
    def test_what_is_sound_is_taken(self, key: str, value: object) -> None:
        """Nothing is changed in it."""
        directory = loaded({key: value}).directories["corp"]

        kept = getattr(directory, key)
        assert (list(kept) if isinstance(kept, tuple) else kept) == value

    @pytest.mark.parametrize("name", ["name", "email", "first_name", "last_name"])
    def test_an_attribute_has_a_plain_name(self, name: str) -> None:
        """What could be part of a filter is refused."""
        (told,) = problems({"attributes": {name: "mail)(x=*"}})

        assert "is the name of an attribute" in told

    def test_a_user_has_a_name(self) -> None:
        """The other attributes can be left out, this one cannot."""
        (told,) = problems({"attributes": {"name": "", "email": ""}})

        assert told.startswith("directories.corp.attributes.name on the command line: Expected")

    def test_a_dn_in_pieces_is_no_group(self) -> None:
        """The commas of a DN must not part a list of the environment without a word."""
        environ = {
            "WATCHWORD_DIRECTORIES__CORP__URLS": "ldaps://a",
            "WATCHWORD_DIRECTORIES__CORP__DOMAIN": "a.example",
            "WATCHWORD_DIRECTORIES__CORP__ALLOWED_GROUPS": DN,
        }

        with pytest.raises(SettingsError, match="in the environment such lists are JSON"):
            load(environ=environ)


class TestTogether:
    def test_a_directory_is_somewhere_and_called_something(self) -> None:
        """Both are told at once."""
        with pytest.raises(SettingsError) as caught:
            load(environ={}, overrides={"directories": {"corp": {"netbios": "CORP"}}})

        assert [text.partition(":")[0] for text in caught.value.problems] == [
            "directories.corp.urls",
            "directories.corp.domain",
        ]

    def test_a_key_that_is_wrong_is_not_missed_as_well(self) -> None:
        """One mistake is one problem."""
        (told,) = problems({"domain": "a b"})

        assert told.startswith("directories.corp.domain on the command line")

    @pytest.mark.parametrize("given", [{"bind_user": "u"}, {"bind_password": PASSWORD}])
    def test_a_service_account_is_whole(self, given: dict[str, str]) -> None:
        """A log-in without a password is a log-in by nobody."""
        (told,) = problems(given)

        assert "a service account has both, or there is none" in told
        assert PASSWORD not in told

    def test_to_see_everybody_takes_a_service_account(self) -> None:
        """Accounts cannot be made from a list that we may not read."""
        (told,) = problems({"create": "sync"})

        assert told.startswith('directories.corp.create: "sync" needs a service account')

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({}, {}),
            ({"netbios": "CORP"}, {"domain": "b.example", "netbios": "corp"}),
            ({"upn_suffixes": ["c.example"]}, {"domain": "c.example"}),
            ({"domain": "corp"}, {"domain": "b.example", "netbios": "CORP"}),
        ],
    )
    def test_two_directories_share_no_name(
        self, one: dict[str, object], other: dict[str, object]
    ) -> None:
        r"""`CORP\ada` and `ada@corp` must each mean one person."""
        said = {"directories": {"one": {**LEAST, **one}, "two": {**LEAST, **other}}}

        with pytest.raises(SettingsError) as caught:
            load(environ={}, overrides=said)

        assert [text.partition(":")[0] for text in caught.value.problems] == [
            "directories.one",
            "directories.two",
        ]

    def test_what_is_said_twice_of_one_directory_is_no_quarrel(self) -> None:
        """Its domain may be among its suffixes."""
        directory = loaded({"upn_suffixes": ["corp.example.com"]}).directories["corp"]

        assert directory.upn_suffixes == ("corp.example.com",)

    def test_the_choices_are_those_of_core(self) -> None:
        """They stand in two places, and are the same."""
        kinds = DirectorySettings.__annotations__

        assert get_args(kinds["create"]) == tuple(Creates)
        assert get_args(kinds["offline"]) == tuple(Offline)


class TestKerberos:
    def test_tickets_are_of_people_in_a_directory(self) -> None:
        """A keytab alone would let nobody in."""
        said = {"kerberos": {"keytab": "http.keytab", "host": "ID.example.com"}}

        with pytest.raises(SettingsError, match=r"kerberos\.keytab: needs a \[directories"):
            load(environ={}, overrides=said)

        assert loaded({}, **said).kerberos.host == "id.example.com"

    @pytest.mark.parametrize(
        ("key", "value"), [("service", "HTTP/x"), ("service", ""), ("host", "HTTP/id.example.com")]
    )
    def test_a_principal_is_told_in_parts(self, key: str, value: str) -> None:
        """Service and host stand apart."""
        (told,) = problems({}, kerberos={key: value})

        assert told.startswith(f"kerberos.{key} on the command line: ")
