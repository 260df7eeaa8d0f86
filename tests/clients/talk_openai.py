"""Run inside the environment of the openai package: uses it as its own manual says.

Prints what came back as one JSON object. Arguments: the address of a server, a token, the address
of a server whose budget is used up, its token.
"""

# pyright: basic, reportMissingImports=false
import json
import sys

import openai

TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "parameters": {"type": "object", "properties": {"where": {"type": "string"}}},
    },
}
ASKED = [{"role": "user", "content": "hello"}]


def main(url: str, token: str, poor_url: str, poor_token: str) -> None:
    """Use everything once."""
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=token)
    found: dict[str, object] = {}
    answer = client.chat.completions.create(model="steward", messages=ASKED)
    found["text"] = answer.choices[0].message.content
    found["tokens"] = answer.usage.total_tokens
    found["cost"] = answer.model_extra["steward"]["cost_usd"]
    pieces = list(
        client.chat.completions.create(
            model="steward", messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
    )
    found["pieces"] = [
        piece.choices[0].delta.content
        for piece in pieces
        if piece.choices and piece.choices[0].delta.content
    ]
    found["streamed_tokens"] = pieces[-1].usage.total_tokens
    with client.chat.completions.stream(model="steward", messages=ASKED, tools=[TOOL]) as stream:
        stream.until_done()
        final = stream.get_final_completion()
    call = final.choices[0].message.tool_calls[0]
    found["call"] = [call.function.name, json.loads(call.function.arguments)]
    found["models"] = [model.id for model in client.models.list()]
    found["completion"] = (
        client.completions.create(model="steward", prompt="def add(a, b):").choices[0].text
    )
    vectors = client.embeddings.create(model="custom/vectors", input=["one", "two"])
    found["vectors"] = [each.embedding for each in vectors.data]
    found["errors"] = errors(client, url, poor_url, poor_token)
    print(json.dumps(found))


def errors(client, url, poor_url, poor_token) -> dict[str, object]:
    """What refusals become, and how often each was asked."""
    requests = []
    counting = openai.DefaultHttpxClient(event_hooks={"request": [requests.append]})
    poor = openai.OpenAI(base_url=f"{poor_url}/v1", api_key=poor_token, http_client=counting)
    stranger = openai.OpenAI(base_url=f"{url}/v1", api_key="stw_nobody")
    found: dict[str, object] = {}
    try:
        poor.chat.completions.create(model="steward", messages=ASKED)
    except openai.APIStatusError as error:
        found["poor"] = [error.status_code, error.body["code"], error.body["scope"], len(requests)]
    try:
        stranger.chat.completions.create(model="steward", messages=ASKED)
    except openai.AuthenticationError as error:
        found["stranger"] = error.body["code"]
    try:
        client.chat.completions.create(model="steward", messages=ASKED, n=2)
    except openai.BadRequestError as error:
        found["two"] = error.body["code"]
    named = client.with_options(default_headers={"Idempotency-Key": "only once"})
    named.chat.completions.create(model="steward", messages=ASKED)
    try:
        named.chat.completions.create(model="steward", messages=ASKED)
    except openai.ConflictError as error:
        found["again"] = error.body["code"]
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
