"""The providers that need no URL: where they are, what they speak, and where their keys belong."""

from dataclasses import dataclass
from typing import Literal

OPENAI_URL = "https://api.openai.com/v1"

WireName = Literal["openai", "anthropic", "mistral", "litellm"]
"""What a provider may speak."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A provider that everybody knows."""

    home: str
    """Where its key belongs and is checked; its base URL, unless litellm finds the way."""
    wire: WireName = "openai"
    key_page: str = "/models"
    """Below `home`: costs nothing, and is only for those who sign in."""
    other_homes: tuple[str, ...] = ()
    """Where litellm goes for it besides."""

    @property
    def url(self) -> str | None:
        """Its base URL; None where litellm finds the way by itself."""
        return None if self.wire == "litellm" else self.home


BUILT_IN: dict[str, BuiltIn] = {
    "openai": BuiltIn(OPENAI_URL),
    "anthropic": BuiltIn("https://api.anthropic.com/v1", "anthropic"),
    "deepseek": BuiltIn("https://api.deepseek.com"),
    "mistral": BuiltIn("https://api.mistral.ai/v1", "mistral"),
    "codestral": BuiltIn("https://codestral.mistral.ai/v1", "mistral"),
    "groq": BuiltIn("https://api.groq.com/openai/v1"),
    "xai": BuiltIn("https://api.x.ai/v1"),
    "cerebras": BuiltIn("https://api.cerebras.ai/v1"),
    "perplexity": BuiltIn("https://api.perplexity.ai"),
    "moonshot": BuiltIn("https://api.moonshot.ai/v1"),
    # Its list of models is open to everybody, and would accept any key.
    "openrouter": BuiltIn("https://openrouter.ai/api/v1", key_page="/key"),
    "together": BuiltIn("https://api.together.xyz/v1"),
    "fireworks": BuiltIn("https://api.fireworks.ai/inference/v1"),
    "ollama": BuiltIn("http://127.0.0.1:11434/v1"),
    "gemini": BuiltIn("https://generativelanguage.googleapis.com/v1beta/openai", "litellm"),
    "cohere": BuiltIn(
        "https://api.cohere.com/v1", "litellm", other_homes=("https://api.cohere.ai",)
    ),
}
"""By name."""
