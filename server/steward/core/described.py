"""Models whose fields are described by the docstrings below them, read when a schema is asked for.

Pydantic can read them too, but does so whenever a class is made: it takes the sources of dozens of
classes apart at each start, for descriptions that most processes never look at. Asking for a schema
reads files, so this is not for tools, whose schemas a loop asks for.
"""

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Described(BaseModel):
    """A model whose JSON Schema says of each field what its docstring says.

    Where a field's default is a table, name `BaseModel` beside it: the linter then knows that
    defaults are copied.
    """

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """Pydantic's own schema, with our descriptions where a field has none."""
        schema = handler(core_schema)
        fields = handler.resolve_ref_schema(schema).get("properties", {})
        for name, meaning in _meanings(cls).items():
            if name in fields:
                fields[name].setdefault("description", meaning)
        return schema


def _meanings(model: type) -> dict[str, str]:
    """Field → docstring; a class goes before those that it stands on."""
    meanings: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, Described) and each is not Described:
            meanings |= _of_module(each.__module__).get(each.__name__, {})
    return meanings


@cache
def _of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """Class → field → docstring, of the classes of one module."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except OSError:  # Installed as compiled modules alone.
        return {}
    return {each.name: _of_class(each) for each in tree.body if isinstance(each, ast.ClassDef)}


def _of_class(defined: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, below in zip(defined.body, defined.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
            case _:
                pass
    return found
