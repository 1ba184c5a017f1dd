"""The hash parameters of a Firebase project, and the columns of its export."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.foreign.samples import FIREBASE_KEY, HASH_CONFIG, PRINTED, SIGNER_KEY
from watchword.core.kernel.errors import InvalidError
from watchword.crypto.foreign.adoption import adopt
from watchword.crypto.foreign.firebase import read_parameters
from watchword.crypto.foreign.reasons import Reason

COLUMNS = f"firebase${FIREBASE_KEY}$42xEC+ixf3L2lw=="


@pytest.mark.parametrize(
    "text",
    [
        PRINTED,
        PRINTED.replace("hash_config ", ""),
        json.dumps(HASH_CONFIG),
        json.dumps({"hash_config": HASH_CONFIG}, indent=2),
        json.dumps(HASH_CONFIG).replace("/", "\\/"),
        json.dumps({**HASH_CONFIG, "rounds": "8", "more": [1]}),
    ],
)
def test_the_parameters_are_read_as_printed_or_as_json(text: str) -> None:
    """What the console prints can be pasted, or be made real JSON first."""
    parameters = read_parameters(text)

    assert (parameters.cost.doublings, parameters.cost.block_size) == (14, 8)
    assert parameters.salt_separator == b"\x07"
    assert len(parameters.signer_key) == 64
    assert SIGNER_KEY not in repr(parameters)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "null",
        "hash_config",
        "[" * 4000,
        PRINTED * 20,
        PRINTED.replace("SCRYPT", "BCRYPT"),
        PRINTED.replace("mem_cost: 14", "mem_cost: 17"),
        PRINTED.replace("rounds: 8", "rounds: 08"),
        PRINTED.replace("rounds: 8", "rounds: 0"),
        PRINTED.replace("  rounds: 8,\n", ""),
        PRINTED.replace("Bw==", "B==="),
        PRINTED.replace(SIGNER_KEY, SIGNER_KEY[:16]),
        json.dumps({**HASH_CONFIG, "rounds": True}),
        json.dumps({**HASH_CONFIG, "rounds": 8.5}),
        json.dumps({**HASH_CONFIG, "mem_cost": None}),
        json.dumps({**HASH_CONFIG, "mem_cost": int("9" * 600)}),
        json.dumps({**HASH_CONFIG, "base64_signer_key": "\ud800"}),
        json.dumps({"hash_config": [HASH_CONFIG]}),
    ],
)
def test_parameters_that_cannot_be_read_are_refused(text: str) -> None:
    """The sentence says that it is the parameters, not the hash."""
    with pytest.raises(InvalidError) as refusal:
        read_parameters(text)

    assert refusal.value.field == "password_hash"
    assert str(refusal.value) == Reason.FIREBASE_PARAMETERS


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but InvalidError comes out, whatever was pasted."""
    with pytest.raises(InvalidError):
        read_parameters(text)


def test_parameters_are_read_once() -> None:
    """An import of many lines does not parse the same text for each."""
    assert read_parameters(PRINTED) is read_parameters(PRINTED)


def test_the_columns_need_the_parameters() -> None:
    """Without the parameters of its project no hash of the export can be checked."""
    with pytest.raises(InvalidError) as refusal:
        adopt(COLUMNS)

    assert str(refusal.value) == Reason.FIREBASE_NEEDS


@pytest.mark.parametrize(
    "text",
    [
        "firebase$",
        f"firebase${FIREBASE_KEY}",
        f"{COLUMNS}$",
        f"firebase${FIREBASE_KEY[:-4]}$42xEC+ixf3L2lw==",
        f"firebase$${FIREBASE_KEY}",
        f"firebase${FIREBASE_KEY}$42xEC+ixf3L2lw===",
        f"$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk={SIGNER_KEY}$42xEC+ixf3L2lw==${FIREBASE_KEY}",
        f"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==$42xEC+ixf3L2lw==${FIREBASE_KEY}",
        f"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=AAAA$42xEC+ixf3L2lw==${FIREBASE_KEY}",
    ],
)
def test_malformed_hashes_are_refused(text: str) -> None:
    """Columns that are missing, cut off or of another length than the signer key."""
    with pytest.raises(InvalidError) as refusal:
        adopt(text, firebase=read_parameters(PRINTED))

    assert str(refusal.value) == Reason.MALFORMED


def test_the_separator_may_be_missing() -> None:
    """The self-contained spelling leaves an empty separator out, or writes it empty."""
    spelled = f"$fbscrypt$v=1,n=14,r=8,p=1{{}},sk={SIGNER_KEY}$42xEC+ixf3L2lw==${FIREBASE_KEY}"

    kept = {adopt(spelled.format(separator)) for separator in ("", ",ss=")}

    assert len(kept) == 1
