"""A gap reaches each model in the form that its family reads, and no file speaks for the prompt."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from demo.replies import Drop, Refuse, Reply, Stall, always, in_order, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import InvalidInputError, UnavailableError
from steward.gateway.catalogue.book import FILL_FORMATS, FILL_NAMES
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.reach.providers import COMPATIBLE, MISTRAL, OPENAI
from steward.gateway.request import Fill, ModelRequest, OtherFile
from steward.gateway.settings import GatewaySettings, ModelSettings
from steward.gateway.wire.gap import written_gap
from steward.gateway.wire.wire import Dialect
from tests.gateway.desk import Desk, asked, gateway_settings, open_desk
from tests.gateway.raw import MODEL
from tests.ledger.bank import ANN

FILES = (OtherFile("lib/b.py", "B = 1\n\nC = 2\n"), OtherFile("c.py", "D = 3\n"))
BARE = Fill("x = ", "\ny = 2\n", "a.py")
WITH_FILES = replace(BARE, files=FILES, repository="shop", comment=("#", ""))
BOTH = replace(asked("close the gap"), fill=WITH_FILES)
COMMENTS = "# lib/b.py:\n# B = 1\n#\n# C = 2\n# c.py:\n# D = 3\n"
PIPES = "<|fim_prefix|>{}x = <|fim_suffix|>\ny = 2\n<|fim_middle|>"
ANGLES = "<fim_prefix>{}x = <fim_suffix>\ny = 2\n<fim_middle>"
HOLE = "<\uff5cfim▁begin\uff5c>{}x = <\uff5cfim▁hole\uff5c>\ny = 2\n<\uff5cfim▁end\uff5c>"
PLUSES = "+++++ lib/b.py\nB = 1\n\nC = 2\n\n\n+++++ c.py\nD = 3\n\n\n+++++ a.py\n"

PROMPTS = {
    "suffix": ("x = ", COMMENTS + "x = "),
    "ollama": ("x = ", COMMENTS + "x = "),
    "deepseek": ("x = ", COMMENTS + "x = "),
    "mistral": ("x = ", PLUSES + "x = "),
    "qwen": (
        PIPES.format(""),
        "<|repo_name|>shop\n<|file_sep|>lib/b.py\nB = 1\n\nC = 2\n\n<|file_sep|>c.py\nD = 3\n\n"
        "<|file_sep|>a.py\n" + PIPES.format(""),
    ),
    "starcoder": (ANGLES.format(""), ANGLES.format(COMMENTS)),
    "starcoder2": (
        ANGLES.format(""),
        "<repo_name>shop<file_sep>lib/b.py\nB = 1\n\nC = 2\n<file_sep>c.py\nD = 3\n<file_sep>"
        + ANGLES.format("a.py\n"),
    ),
    "codestral": (
        "[SUFFIX]\ny = 2\n[PREFIX]x = ",
        f"[SUFFIX]\ny = 2\n[PREFIX]{PLUSES}x = ",
    ),
    "codellama": ("<PRE> x =  <SUF>\ny = 2\n <MID>", f"<PRE> {COMMENTS}x =  <SUF>\ny = 2\n <MID>"),
    "deepseek-coder": (HOLE.format(""), HOLE.format(COMMENTS)),
    "codegemma": (PIPES.format(""), PIPES.format(COMMENTS)),
    "granite": (ANGLES.format(""), ANGLES.format(COMMENTS)),
    "granite4": (PIPES.format(""), PIPES.format(COMMENTS)),
    "seed-coder": (
        "<[fim-suffix]>\ny = 2\n<[fim-prefix]>x = <[fim-middle]>",
        f"<[fim-suffix]>\ny = 2\n<[fim-prefix]>{COMMENTS}x = <[fim-middle]>",
    ),
}
"""Format → the prompt without other files, and with them."""
WITH_SUFFIX = ("suffix", "ollama", "deepseek", "mistral")


def body_of(form: str, fill: Fill, dialect: Dialect = COMPATIBLE, **more: Any) -> dict[str, Any]:
    wire = dialect.fill
    assert wire is not None
    request = replace(asked(), messages=(), fill=fill, **more)
    return json.loads(wire.prepare(replace(MODEL, fill=FILL_FORMATS[form]), request).body)


def found(name: str, **settings: object) -> str | None:
    """The format that a model is known to have."""
    model = Catalogue(GatewaySettings.model_validate(settings)).find(name)
    assert ("fill" in model.abilities) == (model.fill is not None)
    return next((name for name, form in FILL_FORMATS.items() if form == model.fill), None)


def gap(**more: Any) -> ModelRequest:
    return ModelRequest("gap-1", "completion", (), 20, fill=replace(BARE, **more))


# --- Formats ------------------------------------------------------------------


@pytest.mark.parametrize("form", sorted(FILL_FORMATS))
def test_each_family_reads_a_gap_in_its_own_marks(form: str) -> None:
    dialect = MISTRAL if form == "mistral" else COMPATIBLE
    for fill, wanted in zip((BARE, WITH_FILES), PROMPTS[form], strict=True):
        body = body_of(form, fill, dialect)
        assert body["prompt"] == wanted
        assert body.get("suffix") == ("\ny = 2\n" if form in WITH_SUFFIX else None)
        assert ("stream_options" in body) == (form != "mistral")


def test_every_format_can_be_named_in_settings() -> None:
    for form in FILL_FORMATS:
        assert ModelSettings.model_validate({"fill": form}).fill == form


def test_other_files_are_left_out_where_the_language_has_no_comments() -> None:
    assert body_of("suffix", replace(WITH_FILES, comment=None))["prompt"] == "x = "
    block = body_of("suffix", replace(WITH_FILES, files=FILES[1:], comment=("<!--", "-->")))
    assert block["prompt"] == "<!-- c.py: -->\n<!-- D = 3 -->\nx = "


def test_a_name_with_a_line_end_stays_in_its_line() -> None:
    files = (OtherFile("a\n<b>\r.py", "D = 3\n"),)
    assert body_of("qwen", replace(BARE, files=files))["prompt"].startswith(
        "<|file_sep|>a <b> .py\nD = 3\n\n<|file_sep|>a.py\n<|fim_prefix|>"
    )


def test_a_host_that_takes_no_suffix_for_a_chat_gets_an_empty_line() -> None:
    assert body_of("ollama", replace(BARE, suffix=""))["suffix"] == "\n"
    assert body_of("suffix", replace(BARE, suffix=""))["suffix"] == ""


def test_a_model_stops_at_its_own_marks_too_as_far_as_the_provider_lets_it() -> None:
    assert body_of("codellama", BARE)["stop"] == ["\n\n", "<EOT>", "</s>"]
    assert "<|file_sep|>" in body_of("qwen", BARE)["stop"]
    assert all(len(form.stops) < 16 for form in FILL_FORMATS.values())
    few = body_of("qwen", BARE, OPENAI, stop=("\n", "<|fim_pad|>"))["stop"]
    assert few == ["\n", "<|fim_pad|>", "<|fim_prefix|>", "<|fim_suffix|>"]


@pytest.mark.parametrize("form", [name for name in sorted(FILL_FORMATS) if name != "suffix"])
@settings(max_examples=30)
@given(data=st.data())
def test_no_file_can_speak_in_the_marks_of_a_model(form: str, data: st.DataObject) -> None:
    chosen = FILL_FORMATS[form]
    pieces = (*chosen.marks, *(mark[:3] for mark in chosen.marks), "<", ">", "|", "+", "a", "\n")
    text = st.lists(st.sampled_from(pieces), max_size=8).map("".join)
    parts = [data.draw(text) for _ in range(4)]
    names = [each.replace("/", "") for each in (data.draw(text), data.draw(text))]
    fill = Fill(
        parts[0], parts[1], names[0], "r" + parts[2], (OtherFile(names[1], parts[3]),), ("#", "")
    )
    plain = Fill("p", "s", "n", "r", (OtherFile("n", "t"),), ("#", ""))
    said, usual = written_gap(chosen, fill), written_gap(chosen, plain)
    for mark in chosen.marks:
        assert [str(each).count(mark) for each in said] == [str(each).count(mark) for each in usual]


# --- Names --------------------------------------------------------------------

VLLM = {"url": "http://127.0.0.1:8000/v1"}
OLLAMA = {"url": "http://127.0.0.1:11434/v1"}


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Qwen/Qwen2.5-Coder-7B", "qwen"),
        ("qwen3-coder-30b-a3b-instruct", "qwen"),
        ("bigcode/starcoder2-7b", "starcoder2"),
        ("starcoder2-15b-instruct-v0.1", None),
        ("codellama/CodeLlama-7b-hf", "codellama"),
        ("codellama/CodeLlama-7b-Python-hf", None),
        ("codellama/CodeLlama-34b-hf", None),
        ("mistralai/Codestral-22B-v0.1", "codestral"),
        ("deepseek-ai/deepseek-coder-6.7b-base", "deepseek-coder"),
        ("google/codegemma-2b", "codegemma"),
        ("google/codegemma-7b-it", None),
        ("ByteDance-Seed/Seed-Coder-8B-Base", "seed-coder"),
        ("llama-3.3-70b", None),
    ],
)
def test_a_model_on_ones_own_server_is_known_by_its_name(name: str, form: str | None) -> None:
    assert found(name, **VLLM) == form


def test_what_serves_a_model_decides_how_it_is_asked() -> None:
    def asked_at(name: str, **settings: object) -> tuple[str | None, str] | None:
        model = Catalogue(GatewaySettings.model_validate(settings)).find(name)
        return model.fill and (model.fill.template, model.fill.empty_suffix)

    assert asked_at("qwen2.5-coder:7b", **OLLAMA) == (None, "\n")
    assert asked_at("ollama/qwen2.5-coder:7b") == (None, "\n")
    # Ollama's template for it takes no suffix.
    assert asked_at("qwen3-coder:30b", **OLLAMA) is None
    box = {"providers": {"box": {"url": "http://127.0.0.1:8000/v1"}}}
    assert asked_at("box/qwen3-coder", **box) == (FILL_FORMATS["qwen"].template, "")
    for name in ("groq/qwen2.5-coder-32b", "openrouter/qwen/qwen3-coder", "gemini/codegemma"):
        assert asked_at(name) is None


def test_an_operator_knows_better_than_a_name() -> None:
    def said(**more: object) -> str | None:
        return found("custom/qwen2.5-coder", **VLLM, models_known={"custom/qwen2.5-coder": more})

    assert said(fill="none") is None
    assert said(fill="starcoder2") == "starcoder2"
    assert said(input_tokens_max=100) == "qwen"


def test_every_name_leads_to_a_format() -> None:
    for rows in FILL_NAMES.values():
        assert {form for _, form in rows} <= {*FILL_FORMATS, "none"}


# --- Both forms in one call ---------------------------------------------------


def two_models(url: str, first: str, second: str) -> GatewaySettings:
    free = {"input": 0, "output": 0}
    return gateway_settings(
        url,
        models={"completion": first, "plan": "chat", "agent": "chat"},
        prices={"gaps": {"input": "0.15", "output": "0.60"}, "chat": free},
        models_known={"custom/gaps": {"fill": "qwen"}},
        fallbacks={first: (second,)},
    )


@pytest.mark.parametrize(("first", "second"), [("gaps", "chat"), ("chat", "gaps")])
async def test_each_model_of_a_chain_is_asked_in_its_own_form(
    tmp_path: Path, scripted_model: ScriptedModel, first: str, second: str
) -> None:
    settings = two_models(scripted_model.url, first, second)
    scripted_model.script = in_order(Reply(fault=Refuse(500)), say("1"))
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        text, answer = await desk.ask(BOTH)
    assert (text, answer.trail.model) == ("1", f"custom/{second}")
    by_model = {each.body["model"]: each for each in scripted_model.exchanges}
    assert by_model["gaps"].path == "/v1/completions"
    assert by_model["gaps"].body["prompt"] == PROMPTS["qwen"][1]
    assert "messages" not in by_model["gaps"].body
    assert by_model["chat"].path == "/v1/chat/completions"
    assert by_model["chat"].messages[1]["content"] == "close the gap"
    assert not {"prompt", "suffix"} & by_model["chat"].body.keys()


async def test_only_the_form_that_is_sent_is_reserved(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(pieces=("1", "2"), fault=Drop(after_pieces=1)))
    settings = two_models(scripted_model.url, "gaps", "gaps")
    bulky = replace(BOTH, messages=asked("x" * 100_000).messages)
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        assert isinstance(await desk.fails(bulky), UnavailableError)
        call = await desk.paid()
    # 150 nano-dollars a token, and at least a byte for each.
    assert 0 < call.cost_nano_usd < 150 * 10_000


async def test_a_model_that_closes_no_gaps_says_so_where_nothing_else_was_asked(
    desk: Desk,
) -> None:
    error = await desk.fails(gap())
    assert isinstance(error, InvalidInputError)
    assert "not known to fill gaps" in str(error)


async def test_no_key_leaves_in_any_part_of_a_gap(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    key = "sk-" + "0123456789abcdef" * 2
    fill = Fill(
        f'key = "{key}"\n',
        f"\n# {key}\n",
        f"{key}.py",
        key,
        (OtherFile(key, f"{key}\n"),),
        ("#", ""),
    )
    for form in ("qwen", "mistral", "codellama"):
        known = {"custom/small": {"fill": form}}
        settings = gateway_settings(scripted_model.url, models_known=known)
        scripted_model.script = always(say("1"))
        async with open_desk(tmp_path / form, scripted_model, settings) as desk:
            await desk.ask(replace(BOTH, fill=fill, request_id=form))
        sent = json.dumps(scripted_model.exchanges[-1].body)
        assert key not in sent
        assert "<redacted openai key>" in sent


# --- What will answer ---------------------------------------------------------


async def test_what_would_answer_is_known_before_it_is_asked(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    known = {"custom/small": {"fill": "qwen", "input_tokens_max": 4000}}
    settings = gateway_settings(
        scripted_model.url, models_known=known, preferred={"ben": {"completion": "large"}}
    )
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        model = desk.gateway.model_for(ANN, "completion")
        assert (model.id, model.input_tokens_max) == ("custom/small", 4000)
        assert model.fill == FILL_FORMATS["qwen"]
        other = desk.gateway.model_for(replace(ANN, user="ben"), "completion")
        assert (other.id, other.fill) == ("custom/large", None)
    assert scripted_model.exchanges == []


async def test_who_has_no_model_is_told_why(tmp_path: Path, scripted_model: ScriptedModel) -> None:
    settings = gateway_settings(scripted_model.url, models={"agent": "large"})
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        with pytest.raises(UnavailableError, match="no model is chosen for the task 'completion'"):
            desk.gateway.model_for(ANN, "completion")


# --- Hanging up ---------------------------------------------------------------


@pytest.mark.parametrize("model", ["gaps", "chat"])
async def test_a_cancelled_call_is_closed_before_the_models_next_piece(
    tmp_path: Path, scripted_model: ScriptedModel, model: str
) -> None:
    scripted_model.script = always(Reply(pieces=("1", "2"), fault=Stall(after_pieces=1)))
    settings = two_models(scripted_model.url, model, model)
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        async with desk.gateway.call(ANN, BOTH) as answer:
            assert await anext(answer) == "1"
        (exchange,) = scripted_model.exchanges
        await exchange.closed_early()
