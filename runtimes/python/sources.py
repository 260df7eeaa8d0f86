"""Imports the files of a package by name, and tells their faults by file and line."""

import importlib.abc
import importlib.util
import linecache
import sys
import traceback

_LINES_MAX = 40
_OURS = ("steward", "wit_world", "componentize_py_types", "sys", "builtins", "importlib")


class Sources(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules among the texts of a package; `rules.py` is `rules`, `a/b.py` is `a.b`."""

    def __init__(self, files):
        self._texts = {path: text for path, text in files.items() if path.endswith(".py")}
        for path, text in self._texts.items():
            # Where a fault is shown, its line is too.
            linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)

    def find_spec(self, fullname, path=None, target=None):
        """Where a module is; see `importlib`."""
        inside = fullname.replace(".", "/")
        for file, is_package in ((f"{inside}/__init__.py", True), (f"{inside}.py", False)):
            if file in self._texts:
                return self._spec(fullname, file, is_package)
        if any(each.startswith(f"{inside}/") for each in self._texts):
            return importlib.util.spec_from_loader(fullname, self, is_package=True)
        return None

    def _spec(self, name, file, is_package):
        spec = importlib.util.spec_from_loader(name, self, origin=file, is_package=is_package)
        spec.has_location = True
        return spec

    def create_module(self, spec):
        """Nothing special; see `importlib`."""
        return

    def exec_module(self, module):
        """Run the module's text; a folder without `__init__.py` has none."""
        file = module.__spec__.origin
        if file in self._texts:
            exec(compile(self._texts[file], file, "exec"), module.__dict__)

    def load(self, entry):
        """Run the package's entry."""
        if entry not in self._texts:
            listed = ", ".join(sorted(self._texts)[:20]) or "none at all"
            raise ImportError(
                f"the manifest's entry {entry!r} is no Python file; there is {listed}"
            )
        # What this program has imported already must not stand in for a file of the author's.
        for path in self._texts:
            name = path.partition("/")[0].removesuffix(".py")
            if name not in _OURS:
                sys.modules.pop(name, None)
        name = entry.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        spec = self._spec(name, entry, entry.endswith("/__init__.py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)

    def account(self, error):
        """What went wrong, with the author's own lines and not those of this program."""
        told = traceback.TracebackException.from_exception(error, compact=True)
        self._leave_out(told)
        lines = "".join(told.format()).rstrip().split("\n")
        if len(lines) > _LINES_MAX:
            lines = [*lines[: _LINES_MAX // 2], "  ...", *lines[-_LINES_MAX // 2 :]]
        return "\n".join(lines)

    def _leave_out(self, told):
        seen = []
        while told is not None and told not in seen:
            seen.append(told)
            frames = list(told.stack)
            own = [at for at, frame in enumerate(frames) if frame.filename in self._texts]
            told.stack = traceback.StackSummary.from_list(frames[own[0] :] if own else [])
            told = told.__cause__ or told.__context__
