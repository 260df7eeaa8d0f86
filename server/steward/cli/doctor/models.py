"""Models and their providers: chosen, with a key and a price; and, if wished, whether they answer.

Nothing here costs anything: whoever is asked is asked for a list of models.
"""

import asyncio
from collections.abc import Iterator

from steward.app.providing import Reached, Standing, providers_stand
from steward.cli.doctor.finding import Finding, fault, ok, warning
from steward.core.errors import StewardError
from steward.settings import Settings


def models(settings: Settings, *, online: bool) -> list[Finding]:
    """What stands in the way of calls."""
    try:
        standing = asyncio.run(providers_stand(settings, online=online))
    except StewardError as error:
        why = "No model is called as long as that is so."
        return [fault("models", str(error), why, "Do what the message says.")]
    return [*_chosen(standing), *_keys(standing), *map(_reached, standing.reached)]


def _chosen(standing: Standing) -> Iterator[Finding]:
    if not standing.models:
        yield warning(
            "models",
            "no model is chosen",
            "There is no ghost text, and agents cannot think.",
            "steward key add openai",
        )
    for each in standing.models:
        tasks = ", ".join(each.tasks)
        if each.state in ("ready", "resting"):
            yield ok("models", f"{each.model.id} for {tasks}")
        else:
            mend = _MENDS[each.state].format(provider=each.model.provider, model=each.model.id)
            yield fault("models", f"{each.model.id} for {tasks}: {each.state}", each.why, mend)


_MENDS = {
    "no key": "steward key add {provider}",
    "no price": "steward model price {model} --input USD --output USD",
    "not configured": "steward key add {provider}",
    "off": "steward doctor --online",
}


def _keys(standing: Standing) -> Iterator[Finding]:
    for key in standing.keys:
        mend = f"steward key rotate {key.provider}"
        if key.verdict == "refused":
            what = f"{key.host} refused the key {key.mask} of {key.provider}"
            yield fault("keys", what, "Its models cannot be called.", mend)
        elif key.is_old(standing.at):
            yield warning("keys", key.reminder(standing.at), "Old keys leak.", mend)
        else:
            yield ok("keys", f"{key.provider} at {key.host}: {key.mask}")


def _reached(each: Reached) -> Finding:
    match each.verdict:
        case "accepted" | "unknown":
            return ok("online", f"{each.provider} answers at {each.host}")
        case "refused":
            what = f"{each.host} does not accept the key of {each.provider}"
            mend = f"steward key rotate {each.provider}"
            return fault("online", what, "Its models cannot be called.", mend)
        case _:
            what = f"{each.provider} does not answer at {each.host}: {each.why}"
            why = "Its models cannot be called now."
            return fault("online", what, why, f"curl -sS -o /dev/null {each.url}")
