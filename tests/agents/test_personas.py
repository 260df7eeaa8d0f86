"""A persona stays with its agent: no run sees another's."""

from dataclasses import replace

from demo.replies import say
from tests.agents.crew import FIX, Crew


async def test_a_run_sends_its_own_persona_and_no_other(crew: Crew) -> None:
    secret = replace(FIX, agent_id="other", persona="You are Zebulon and nobody else.")
    await crew.with_agent(secret).play(say("Done."))
    sent = [str(exchange.messages) for exchange in crew.model.exchanges]
    assert sent
    assert all("Zebulon" in each and FIX.persona[:40] not in each for each in sent)
    systems = [
        message["content"]
        for exchange in crew.model.exchanges
        for message in exchange.messages
        if message["role"] == "system"
    ]
    assert len(systems) == len(sent)
