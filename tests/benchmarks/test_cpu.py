"""Processor time is put down to whoever used it."""

import os
import subprocess
import sys

from cpu import Used, tree, watched


def test_children_belong_to_the_tree_of_their_parent() -> None:
    """A server is all its processes."""
    program = "import subprocess; subprocess.run(['cat'])"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        found = list(tree(os.getpid()))
        process.stdin.close()

    assert found[0] == os.getpid()
    assert process.pid in found


def test_what_a_measurement_waits_for_counts_as_load() -> None:
    """Children of ours that ended are in it, whatever else runs on the machine."""
    spin = "import time\nwhile time.process_time() < 0.2: pass"

    _, used = watched({}, lambda: subprocess.run([sys.executable, "-c", spin], check=True))

    assert used.load * used.seconds / 100 >= 0.2
    assert used.server == 0


def test_a_turn_is_disturbed_when_others_take_an_eighth_of_a_core() -> None:
    """A little is always going on."""
    assert not Used(seconds=1.0, others=12.0).is_disturbed
    assert Used(seconds=1.0, others=12.1).is_disturbed
