"""`keys.rotate`: sign with a new key from now on."""

from collections.abc import Mapping

from watchword.core.jobs.model import Lane, Needs
from watchword.core.ports import Work
from watchword.core.signing.model import SigningKey
from watchword.jobs.flow import Flow, Parameters, Turn


class RotateParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With `distrust` every token that was made before is void at once."""

    distrust: bool = False


def flow() -> Flow[RotateParameters]:
    """Return the flow."""
    return Flow(
        name="keys.rotate",
        summary="Makes a new key that signs tokens; tokens of the old one stay good to their end.",
        parameters=RotateParameters,
        run=_run,
        lane=Lane.LIGHT,
        needs=Needs.ADMIN,
        runs_alone=True,
    )


async def _run(told: RotateParameters, turn: Turn) -> Mapping[str, object]:
    def along(work: Work, key: SigningKey) -> None:
        # In one commit with the new key: whoever goes on after a kill does not make another.
        turn.record(work, done=1, total=1, checkpoint=key.id)

    if not turn.checkpoint:
        await turn.services.signing_keys.rotate(turn.actor, distrust=told.distrust, along=along)
    return {"kid": turn.checkpoint}
