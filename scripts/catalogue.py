"""Writes the catalogue of models out of two public sources of prices.

It wants an environment of its own that holds the packages litellm (of which only the price map is
read, nothing is imported) and genai-prices:

    python scripts/catalogue.py --day 2026-11-21 --map FILE

FILE is litellm's `model_prices_and_context_window_backup.json`.

Where the sources disagree the dearer price is taken, so that nothing costs more than was reserved
for it; `tests/gateway/catalogue/decided.json` says of each such model what the matter is, as far as
can be told. A new disagreement fails the tests until somebody has looked at it.
"""

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import re
from decimal import ROUND_CEILING, Context, Decimal
from pathlib import Path
from typing import Any

from genai_prices import data

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT / "server/steward/gateway/catalogue/models.json"
COMPARED = ROOT / "tests/gateway/catalogue/compared_prices.json"

PROVIDERS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "deepseek": "deepseek",
    "mistral": "mistral",
    "groq": "groq",
    "xai": "xai",
    "cerebras": "cerebras",
    "perplexity": "perplexity",
    "moonshot": "moonshot",
    "gemini": "gemini",
    "cohere": "cohere",
    "cohere_chat": "cohere",
}
"""Theirs → ours. Those who serve hundreds of other people's models are left to the operator."""
SECOND_NAMES = {"gemini": "google", "xai": "x-ai", "moonshot": "moonshotai"}
FIELDS = {
    "input": ("input_cost_per_token", "input_mtok"),
    "cached_input": ("cache_read_input_token_cost", "cache_read_mtok"),
    "output": ("output_cost_per_token", "output_mtok"),
    "cache_write": ("cache_creation_input_token_cost", "cache_write_mtok"),
}
TIER = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
FILLS = {
    r"deepseek/deepseek-v4-pro": "deepseek",
    r"(mistral|codestral)/codestral-(latest|\d{4})": "mistral",
}
"""Models → how they close gaps, from the providers' own pages."""
USAGE = {"path": "/completions", "parameters": {"stream_options": {"include_usage": True}}}
QWEN = [f"<|{name}|>" for name in ["fim_prefix", "fim_suffix", "fim_middle", "fim_pad"]]
QWEN += [f"<|{name}|>" for name in ["repo_name", "file_sep", "endoftext", "im_start", "im_end"]]
STARCODER = [f"<fim_{name}>" for name in ["prefix", "suffix", "middle", "pad"]] + ["<|endoftext|>"]
STARCODER2 = [*STARCODER, "<repo_name>", "<file_sep>"]
STARCODER1 = [*STARCODER, "<reponame>", "<filename>"]
MISTRAL = ["[SUFFIX]", "[PREFIX]", "[MIDDLE]", "[INST]", "[/INST]", "<s>", "</s>"]
CODELLAMA = ["<PRE>", "<SUF>", "<MID>", "<EOT>", "<s>", "</s>"]
BAR = "\uff5c"
DEEPSEEK = [f"<{BAR}fim▁{name}{BAR}>" for name in ["begin", "hole", "end"]]
DEEPSEEK += [f"<{BAR}{name}▁of▁sentence{BAR}>" for name in ["begin", "end"]] + ["<|EOT|>"]
CODEGEMMA = [f"<|fim_{name}|>" for name in ["prefix", "suffix", "middle"]]
CODEGEMMA += ["<|file_separator|>", "<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>"]
GRANITE = [*STARCODER1, "<|end_of_text|>"]
GRANITE4 = [f"<|fim_{name}|>" for name in ["prefix", "suffix", "middle", "pad"]]
GRANITE4 += [f"<|{name}|>" for name in ["reponame", "filename", "end_of_text", "end_of_role"]]
SEED = [f"<[fim-{name}]>" for name in ["prefix", "suffix", "middle"]] + ["<[end▁of▁sentence]>"]
AFTER_PIPES = "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>"
AFTER_ANGLES = "<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>"
PLUSES = {"file": "+++++ {path}\n{text}\n\n", "heading": "+++++ {path}\n"}
FILL_FORMATS = {
    "suffix": USAGE,
    # With an empty suffix it puts the prompt into a conversation.
    "ollama": {**USAGE, "empty_suffix": "\n"},
    "deepseek": {
        **USAGE,
        "path": "/beta/completions",
        "output_tokens_max": 4096,
        "marks": DEEPSEEK,
    },
    "mistral": {"path": "/fim/completions", "marks": [*MISTRAL[:3], "+++++ "], **PLUSES},
    "qwen": {
        **USAGE,
        "template": "{files}" + AFTER_PIPES,
        "marks": QWEN,
        "stops": QWEN,
        "repository": "<|repo_name|>{name}\n",
        "file": "<|file_sep|>{path}\n{text}\n",
        "files_end": "<|file_sep|>{path}\n",
    },
    "starcoder": {**USAGE, "template": AFTER_ANGLES, "marks": STARCODER1, "stops": STARCODER1},
    "starcoder2": {
        **USAGE,
        "template": "{files}" + AFTER_ANGLES,
        "marks": STARCODER2,
        "stops": STARCODER2,
        "repository": "<repo_name>{name}",
        "file": "<file_sep>{path}\n{text}",
        "files_end": "<file_sep>",
        "heading": "{path}\n",
    },
    "codestral": {
        **USAGE,
        "template": "[SUFFIX]{suffix}[PREFIX]{files}{prefix}",
        "marks": [*MISTRAL, "+++++ "],
        "stops": ["[SUFFIX]", "[PREFIX]", "</s>", "\n+++++ "],
        **PLUSES,
    },
    "codellama": {
        **USAGE,
        "template": "<PRE> {prefix} <SUF>{suffix} <MID>",
        "marks": CODELLAMA,
        "stops": ["<EOT>", "</s>"],
    },
    "deepseek-coder": {
        **USAGE,
        "template": "{}{{prefix}}{}{{suffix}}{}".format(*DEEPSEEK),
        "marks": DEEPSEEK,
        "stops": DEEPSEEK,
    },
    "codegemma": {**USAGE, "template": AFTER_PIPES, "marks": CODEGEMMA, "stops": CODEGEMMA},
    "granite": {**USAGE, "template": AFTER_ANGLES, "marks": GRANITE, "stops": GRANITE},
    "granite4": {**USAGE, "template": AFTER_PIPES, "marks": GRANITE4, "stops": GRANITE4},
    "seed-coder": {
        **USAGE,
        "template": "<[fim-suffix]>{suffix}<[fim-prefix]>{prefix}<[fim-middle]>",
        "marks": SEED,
        "stops": SEED,
    },
}
"""How models close gaps, from their papers, cards and providers' pages."""
FILL_NAMES = {
    # Those whose template there takes a suffix; the others refuse one.
    "ollama": [
        ("*qwen2.5-coder*", "qwen"),
        ("*codestral*", "codestral"),
        ("*deepseek-coder-v2*", "deepseek-coder"),
        ("*starcoder2*instruct*", "none"),
        ("*starcoder2*", "starcoder2"),
        ("*codellama:*code*", "codellama"),
        ("*codegemma:*code*", "codegemma"),
        ("*codegemma:2b*", "codegemma"),
    ],
    "prompts": [
        ("*qwen2.5-coder*", "qwen"),
        ("*qwen3-coder*", "qwen"),
        ("*starcoder2*instruct*", "none"),
        ("*starcoder2*", "starcoder2"),
        ("*starcoder*", "starcoder"),
        ("*codeqwen*", "starcoder"),
        ("*stable-code*", "starcoder"),
        ("*mamba-codestral*", "none"),
        ("*codestral*", "codestral"),
        ("*codellama*python*", "none"),
        ("*codellama-7b*", "codellama"),
        ("*codellama-13b*", "codellama"),
        ("*codellama:*code*", "codellama"),
        ("*deepseek-coder*", "deepseek-coder"),
        ("*codegemma*-it*", "none"),
        ("*codegemma*", "codegemma"),
        ("*granite-4*", "granite4"),
        ("*granite4*", "granite4"),
        ("*granite*code*", "granite"),
        ("*granite-3.3*", "granite"),
        ("*seed-coder*instruct*", "none"),
        ("*seed-coder*reasoning*", "none"),
        ("*seed-coder*", "seed-coder"),
    ],
}
"""Who serves a model → names, the first that fits, and what they mean. `prompts` are servers that
take a prompt as it is: vLLM, llama.cpp, LM Studio."""


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--day", type=datetime.date.fromisoformat, required=True)
    parser.add_argument("--map", type=Path, required=True)
    arguments = parser.parse_args()
    listed = json.loads(arguments.map.read_text("utf-8"))
    models, compared = {}, {}
    for key, entry in sorted(listed.items()):
        made = model(key, entry, arguments.day)
        if made is None:
            continue
        name, described = made
        other = second_price(name, arguments.day)
        both = {
            field: [described["price"][field], other[field]]
            for field in FIELDS
            if field in other and field in described["price"]
        }
        if both:
            compared[name] = both
        described["price"].update({field: max(pair) for field, pair in both.items()})
        models[name] = described
    # The editor's own host for the same models bills them alike; the map says nothing of prices.
    for name in [name for name in models if name.startswith("mistral/codestral-")]:
        if "fill" in models[name]:
            models[name.replace("mistral/", "codestral/")] = models[name]
    write_catalogue(models, arguments.day)
    COMPARED.parent.mkdir(exist_ok=True)
    COMPARED.write_text(
        rows({"sources": [source("litellm"), source("genai-prices")], "models": compared}), "utf-8"
    )


def model(key: str, entry: dict[str, Any], day: datetime.date) -> tuple[str, Any] | None:
    """The name and description of one model; None if we have no use for it."""
    provider = PROVIDERS.get(entry.get("litellm_provider", ""))
    mode = entry.get("mode")
    if provider is None or mode not in ("chat", "embedding") or key.startswith("ft:"):
        return None
    prices = price(entry)
    if not is_current(entry, day) or not {"input", "output"} <= prices.keys():
        return None
    if mode == "chat" and not prices["output"]:
        return None
    name = key.removeprefix(f"{entry['litellm_provider']}/")
    described: dict[str, Any] = {"abilities": abilities(entry, mode)}
    for ours, theirs in (("input", "max_input_tokens"), ("output", "max_output_tokens")):
        if isinstance(entry.get(theirs), int) and entry[theirs] > 0:
            described[f"{ours}_tokens_max"] = entry[theirs]
    described["price"] = prices
    for pattern, form in FILLS.items():
        if re.fullmatch(pattern, f"{provider}/{name}"):
            described["abilities"].append("fill")
            described["fill"] = form
    if refused := refuses(provider, entry):
        described["refuses"] = refused
    return f"{provider}/{name}", described


def is_current(entry: dict[str, Any], day: datetime.date) -> bool:
    """Whether it is still offered, and at an address that we know."""
    chat = "/v1/chat/completions"
    if entry.get("mode") == "chat" and chat not in entry.get("supported_endpoints", [chat]):
        return False
    return entry.get("deprecation_date", "9999") > day.isoformat()


def abilities(entry: dict[str, Any], mode: str) -> list[str]:
    """What the model can do."""
    if mode == "embedding":
        return ["embedding"]
    found = ["chat"]
    if entry.get("supports_function_calling"):
        found.append("tools")
    if entry.get("supports_response_schema"):
        found.append("json")
    return found


def refuses(provider: str, entry: dict[str, Any]) -> list[str]:
    """What the model does not take."""
    if provider == "openai" and entry.get("supports_reasoning"):
        return ["temperature", "top_p", "stop"]
    if entry.get("supports_sampling_params") is False:
        return ["temperature", "top_p"]
    return []


def price(entry: dict[str, Any]) -> dict[str, Any]:
    """Pico-dollars a token, and the tiers above so many tokens."""
    base = {
        field: pico(entry[theirs])
        for field, (theirs, _) in FIELDS.items()
        if isinstance(entry.get(theirs), int | float) and (entry[theirs] or field == "output")
    }
    if entry.get("mode") == "embedding":
        base["output"] = 0
    tiers = []
    for key in sorted(entry):
        if not (found := TIER.fullmatch(key)):
            continue
        above = {
            field: pico(entry[f"{theirs}_above_{found[1]}k_tokens"])
            for field, (theirs, _) in FIELDS.items()
            if entry.get(f"{theirs}_above_{found[1]}k_tokens")
        }
        tiers.append({"above_input_tokens": int(found[1]) * 1000, **above})
    if tiers:
        base["tiers"] = sorted(tiers, key=lambda tier: tier["above_input_tokens"])
    return base


def second_price(name: str, day: datetime.date) -> dict[str, int]:
    """What the second source says; empty if it knows nothing of the model."""
    provider, _, short = name.partition("/")
    by_id = {each.id: each for each in data.providers}
    found = by_id.get(SECOND_NAMES.get(provider, provider))
    known = found.find_model(short) if found else None
    if known is None:
        return {}
    noon = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
    prices = known.get_prices(noon)
    said = {}
    for field, (_, theirs) in FIELDS.items():
        value = getattr(prices, theirs, None)
        value = getattr(value, "base", value)
        if value is not None:
            said[field] = pico(value, per=1_000_000)
    return said


def pico(usd: float | Decimal, per: int = 1) -> int:
    """Whole pico-dollars a token, rounded up; what binary fractions added is taken away first."""
    exact = Decimal(repr(usd) if isinstance(usd, int | float) else usd) / per
    plain = Context(prec=9).create_decimal(exact)
    return int((plain * 10**12).to_integral_value(ROUND_CEILING))


def write_catalogue(models: dict[str, Any], day: datetime.date) -> None:
    """The file, with the digest of what counts in it."""
    names = {
        server: [{"names": names, "format": form} for names, form in rows_]
        for server, rows_ in FILL_NAMES.items()
    }
    body = {"models": models, "fill_formats": FILL_FORMATS, "fill_names": names}
    CATALOGUE.write_text(
        rows(
            {
                "version": day.isoformat(),
                "unit": "pico-dollars a token",
                "sources": [source("litellm") + ", its bundled price map", source("genai-prices")],
                "sha256": digest(body),
                **body,
            }
        ),
        "utf-8",
    )


def digest(body: dict[str, Any]) -> str:
    """SHA-256 of the JSON with sorted keys and no spaces."""
    written = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def source(package: str) -> str:
    """A package and its version."""
    return f"{package} {importlib.metadata.version(package)} (MIT)"


def rows(content: dict[str, Any]) -> str:
    """JSON with a line for each model."""
    lines = []
    for key, value in content.items():
        if isinstance(value, dict):
            below = ",\n".join(
                f"    {json.dumps(name)}: {json.dumps(each)}"
                for name, each in sorted(value.items())
            )
            lines.append(f"  {json.dumps(key)}: {{\n{below}\n  }}")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
