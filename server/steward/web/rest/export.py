"""Reports as files, for spreadsheets and programs: written part by part, whatever their length."""

import csv
import io
import json
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from steward.ledger.report import After, Span, UsageLine as Line, usage_part
from steward.operations.export import plain_cell
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.usage import Dimension, UsageLine, UsageWanted, line_of, span_of
from steward.web.rooms import Rooms

router = APIRouter(prefix="/usage", tags=["usage"])

_PART = 2_000
"""Lines that are read at once."""


class ExportWanted(UsageWanted):
    """Which report, and as what."""

    form: Literal["csv", "json"] | None = None
    """CSV where nothing is said."""


@router.get("/export", response_class=StreamingResponse)
async def export_usage(
    caller: Reading, rooms: Opened, wanted: Annotated[ExportWanted, Query()]
) -> StreamingResponse:
    """The whole report as a file; what is booked meanwhile may be in it or not."""
    return await export_of(caller, rooms, wanted)


async def export_of(caller: Caller, rooms: Rooms, wanted: ExportWanted) -> StreamingResponse:
    """The report as a file; raises as `report_of`."""
    span, form, by = span_of(caller, rooms, wanted), wanted.form or "csv", wanted.by or "model"
    tenant = caller.principal.tenant_id
    # Read before the answer begins: what goes wrong here is still told as an error.
    first = await _part(rooms, tenant, span, None)
    written = _as_csv if form == "csv" else _as_json
    name = f"usage-{by}-{span.first}-{span.last}.{form}"
    return StreamingResponse(
        written(by, _parts(rooms, tenant, span, first)),
        media_type="text/csv; charset=utf-8" if form == "csv" else "application/json",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _part(rooms: Rooms, tenant: str, span: Span, after: After | None) -> Sequence[Line]:
    return await rooms.database.read(
        lambda session: usage_part(session, tenant, span, after, _PART)
    )


async def _parts(
    rooms: Rooms, tenant: str, span: Span, first: Sequence[Line]
) -> AsyncGenerator[Sequence[UsageLine]]:
    found = first
    while found:
        yield [line_of(line) for line in found]
        if len(found) < _PART:
            return
        found = await _part(rooms, tenant, span, After(found[-1].cost_nano_usd, found[-1].name))


async def _as_csv(by: Dimension, parts: AsyncGenerator[Sequence[UsageLine]]) -> AsyncGenerator[str]:
    yield _rows([(by, *_FIGURES)])
    async for lines in parts:
        yield _rows((plain_cell(line.name), *_figures(line).values()) for line in lines)


async def _as_json(
    by: Dimension, parts: AsyncGenerator[Sequence[UsageLine]]
) -> AsyncGenerator[str]:
    before = "["
    async for lines in parts:
        for line in lines:
            yield f"{before}{json.dumps({by: line.name, **_figures(line)})}"
            before = ",\n"
    yield "]\n" if before != "[" else "[]\n"


def _figures(line: UsageLine) -> dict[str, int]:
    values: dict[str, int] = line.model_dump(include=set(_FIGURES))
    return {name: values[name] for name in _FIGURES}


def _rows(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


_FIGURES = ("calls", "input_tokens", "cached_tokens", "output_tokens", "cost_nano_usd")
