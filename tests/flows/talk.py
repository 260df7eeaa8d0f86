"""Conversations in a window of a test: say something, and see what comes back."""

from dataclasses import dataclass

import pytest
from pygls.exceptions import JsonRpcException

from tests.client import Json, Window


@dataclass(frozen=True)
class Talk:
    """What a person says in one window."""

    window: Window

    async def say(self, text: str, *, mode: str = "ask", **more: Json) -> Json:
        """Send it; gives what the command gave."""
        return await self.window.command("steward.chat.send", text=text, mode=mode, **more)

    async def command(self, name: str, begun: Json, **more: Json) -> Json:
        """A command about the conversation that something was said in."""
        conversation_id = begun["conversationId"]
        return await self.window.command(
            f"steward.chat.{name}", conversationId=conversation_id, **more
        )

    async def refusal(self, text: str, **more: Json) -> str:
        """Why it could not be sent."""
        with pytest.raises(JsonRpcException) as refused:
            await self.say(text, **more)
        return str(refused.value)

    def told(self, begun: Json) -> list[Json]:
        """The notifications of one answer so far."""
        return [each for each in self.window.chat if each["messageId"] == begun["answerId"]]

    def text(self, begun: Json) -> str:
        """What has come of an answer."""
        return "".join(each["add"] for each in self.told(begun))

    async def until_text(self, begun: Json, text: str) -> None:
        """Wait until so much of an answer has come."""
        while text not in self.text(begun):
            await self.window.until_news(self.window.news)

    async def until_ended(self, begun: Json) -> list[Json]:
        """Wait until an answer has ended; gives its notifications."""
        while not (told := self.told(begun)) or told[-1]["state"] == "answering":
            await self.window.until_news(self.window.news)
        return told

    async def answer(self, begun: Json) -> Json:
        """An answer as it is shown now."""
        shown = await self.command("show", begun)
        return next(each for each in shown["messages"] if each["id"] == begun["answerId"])
