"""A table as a file for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence

from fastapi.responses import Response

from steward.operations.export import plain_cell


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The rows under their names, to be saved as `NAME.csv`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([[plain_cell(cell) for cell in row] for row in rows])
    return Response(
        out.getvalue().encode("utf-8", "replace"),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )
