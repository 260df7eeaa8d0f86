"""A conversation as Markdown in which nothing that was said can pass for something else."""

from collections.abc import Sequence

from steward.agents.talk.log import Message
from steward.workspace.markdown import code, fenced, inline


def as_markdown(title: str, user: str, messages: Sequence[Message]) -> str:
    """All of it: who said what, when, to which agent and model, and at what cost.

    What was said stands in fences that it cannot close, so that no answer can forge a question.
    """
    parts = [f"# {inline(title)}"]
    for message in messages:
        parts += _section(message, user)
    return "\n\n".join(parts) + "\n"


def _section(message: Message, user: str) -> list[str]:
    is_answer = message.author == "assistant"
    who = "Answer" if is_answer else inline(user)
    parts = [f"## {who}, {message.at:%Y-%m-%d %H:%M:%S} UTC", "\n".join(_facts(message))]
    parts.append(fenced(message.text, "markdown") if message.text else "*Nothing was said.*")
    if message.note:
        parts.append(f"Note: {inline(message.note)}")
    return parts


def _facts(message: Message) -> list[str]:
    facts = [f"- Mode: {inline(message.mode)}"]
    if message.agent:
        facts.append(f"- Agent: {inline(message.agent)}")
    if message.model:
        facts.append(f"- Model: {inline(message.model)}")
    if message.author == "assistant":
        facts.append(f"- State: {message.state}")
        facts.append(f"- Cost: {message.cost or 'none'}")
    if message.run_id:
        facts.append(f"- Run: {code(message.run_id)}")
    facts += [f"- Pointed at: {code(each)}" for each in message.mentions]
    facts += [f"- Handed along: {inline(kind)}, {inline(t)}" for kind, t in message.attachments]
    facts += [f"- Left out: {inline(each.what)}: {inline(each.why)}" for each in message.left_out]
    return facts
