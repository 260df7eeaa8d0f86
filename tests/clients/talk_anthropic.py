"""Run inside the environment of the anthropic package: uses it as its own manual says.

Prints what came back as one JSON object. Arguments: the address of a server, a token, the address
of a server whose budget is used up, its token.
"""

# pyright: basic, reportMissingImports=false
import json
import sys

import anthropic

TOOL = {
    "name": "look",
    "input_schema": {"type": "object", "properties": {"where": {"type": "string"}}},
}
ASKED = {
    "model": "steward",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "hello"}],
}


def main(url: str, token: str, poor_url: str, poor_token: str) -> None:
    """Use everything once."""
    client = anthropic.Anthropic(base_url=url, api_key=token)
    found: dict[str, object] = {}
    answer = client.messages.create(**ASKED)
    found["text"] = answer.content[0].text
    found["tokens"] = answer.usage.input_tokens + answer.usage.output_tokens
    with client.messages.stream(**ASKED) as stream:
        found["pieces"] = list(stream.text_stream)
        final = stream.get_final_message()
    found["streamed_tokens"] = final.usage.input_tokens + final.usage.output_tokens
    with client.messages.stream(**ASKED, tools=[TOOL]) as stream:
        used = stream.get_final_message().content[-1]
    found["call"] = [used.name, used.input]
    found["models"] = [model.id for model in client.models.list()]
    requests = []
    counting = anthropic.DefaultHttpxClient(event_hooks={"request": [requests.append]})
    poor = anthropic.Anthropic(base_url=poor_url, api_key=poor_token, http_client=counting)
    errors: dict[str, object] = {}
    try:
        poor.messages.create(**ASKED)
    except anthropic.APIStatusError as error:
        told = error.body["error"]
        errors["poor"] = [error.status_code, told["code"], told["scope"], len(requests)]
    try:
        anthropic.Anthropic(base_url=url, auth_token="stw_nobody").messages.create(**ASKED)
    except anthropic.AuthenticationError as error:
        errors["stranger"] = error.body["error"]["code"]
    found["errors"] = errors
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
