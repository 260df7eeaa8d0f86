"""The words for what models can do and what they do not take."""

from typing import Literal

Ability = Literal["chat", "tools", "json", "fill", "embedding", "next_edit"]
"""What a model can do: answer messages, ask for tools, keep to a JSON schema, close gaps, make
vectors, say what a person will change next."""

Refused = Literal["temperature", "top_p", "stop", "seed"]
"""What a request may ask for and some models do not take."""
