"""What hostile Python tries. The same code is run outside of all protection by the control runs."""

from textwrap import dedent

from steward.sandbox.wasm.worker import Guest
from tests.attacks.extension_attacks import Attack
from tests.extension_worker import python

ATTEMPTING = """
def attempt(*acts):
    gained = []
    for act in acts:
        try:
            gained.append(repr(act()))
        except BaseException as error:
            gained.append(type(error).__name__)
    return gained
"""

ENDS = ("answered", "raised", "trap", "stack", "memory", "deadline", "quota", "answer")
"""All endings that take nobody along."""


def attacker(extension: str = "test.attacker", **files: str) -> Guest:
    """An extension that runs what it is given; what it sets `told` to is its answer."""
    source = """
import steward

told = None

@steward.command("run")
def run(request):
    exec(request["arguments"], globals())
    return told if isinstance(told, dict) else repr(told)
"""
    return python(source + ATTEMPTING, extension, **files)


def reaching(name: str, code: str) -> Attack:
    """An attempt to reach what is outside."""
    return Attack(name, dedent(code), ENDS)


REACHING = [
    reaching(
        "files, read in every way that the library has",
        """
        import codecs, importlib.machinery, io, linecache, os, pathlib, tokenize, _io
        path = "@SECRET_FILE@"
        told = attempt(
            lambda: open(path).read(),
            lambda: io.open(path).read(),
            lambda: _io.open(path).read(),
            lambda: _io.open_code(path).read(),
            lambda: io.FileIO(path).read(),
            lambda: os.read(os.open(path, os.O_RDONLY), 99),
            lambda: pathlib.Path(path).read_text(),
            lambda: codecs.open(path).read(),
            lambda: tokenize.open(path).read(),
            lambda: linecache.getlines(path),
            lambda: importlib.machinery.SourceFileLoader("a", path).get_data(path),
        )
        """,
    ),
    reaching(
        "files, by other names and through links",
        """
        import io, os
        path = "@SECRET_FILE@"
        inside = os.path.relpath(path, "/")
        told = attempt(
            lambda: io.FileIO("@OPEN_FOLDER@/way-out/secret.txt").read(),
            lambda: io.FileIO("../" * 20 + inside).read(),
            lambda: io.FileIO("/proc/self/root" + path).read(),
            lambda: io.FileIO("/proc/@SERVER@/root" + path).read(),
            lambda: io.FileIO("//" + path).read(),
            lambda: os.open(inside, os.O_RDONLY, dir_fd=3),
            lambda: os.open(inside, os.O_RDONLY, dir_fd=-100),
            lambda: os.readlink("@OPEN_FOLDER@/way-out"),
            lambda: [os.read(each, 99) for each in range(3, 20)],
        )
        """,
    ),
    reaching(
        "folders",
        """
        import os, pathlib
        told = attempt(
            lambda: os.listdir("@OPEN_FOLDER@"),
            lambda: [each.name for each in os.scandir("@OPEN_FOLDER@")],
            lambda: list(os.walk("@OPEN_FOLDER@")),
            lambda: __import__("glob").glob("@OPEN_FOLDER@/*"),
            lambda: list(pathlib.Path("@OPEN_FOLDER@").iterdir()),
            lambda: (os.chdir("@OPEN_FOLDER@"), os.listdir(".")),
        )
        """,
    ),
    reaching(
        "files, written, renamed, linked and removed",
        """
        import io, os, pathlib
        told = attempt(
            lambda: io.FileIO("@OPEN_FOLDER@/written", "w").write(b"x"),
            lambda: pathlib.Path("@OPEN_FOLDER@/touched").touch(),
            lambda: os.mkdir("@OPEN_FOLDER@/folder"),
            lambda: os.symlink("/", "@OPEN_FOLDER@/linked"),
            lambda: os.rename("@OPEN_FOLDER@/way-out", "@OPEN_FOLDER@/renamed"),
            lambda: __import__("tempfile").mkstemp(dir="@OPEN_FOLDER@"),
            lambda: __import__("shutil").copy("@SECRET_FILE@", "@OPEN_FOLDER@/copied"),
            lambda: os.mkfifo("@OPEN_FOLDER@/fifo"),
            lambda: io.FileIO("@SECRET_FILE@", "r+").write(b"x"),
        )
        """,
    ),
    reaching(
        "the environment",
        """
        import io, os, posix, sys
        told = attempt(
            lambda: dict(os.environ),
            lambda: dict(posix.environ),
            lambda: os.getenv("STEWARD_CANARY"),
            lambda: io.FileIO("/proc/self/environ").read(),
            lambda: io.FileIO("/proc/@SERVER@/environ").read(),
            lambda: (sys.argv, sys.orig_argv, sys.path, sys.flags),
        )
        """,
    ),
    reaching(
        "the network",
        """
        import socket, _socket
        def raw(*address):
            one = _socket.socket(2, 1)
            one.connect(address)
        def local(address):
            one = socket.socket(socket.AF_UNIX)
            one.connect(address)
        told = attempt(
            lambda: local("@LISTENER@"),
            lambda: local("\\0@ABSTRACT@"),
            lambda: raw("127.0.0.1", @PORT@),
        )
        """,
    ),
    reaching(
        "the network, by what the library has",
        """
        import asyncio, socket
        told = attempt(
            lambda: __import__("http.client").client.HTTPConnection("127.0.0.1", @PORT@).connect(),
            lambda: socket.create_connection(("127.0.0.1", @PORT@), 3),
            lambda: asyncio.run(asyncio.open_connection("127.0.0.1", @PORT@)),
        )
        """,
    ),
    reaching(
        "processes",
        """
        import os, subprocess
        def touch(name):
            return ["/bin/sh", "-c", f"echo > @OPEN_FOLDER@/{name}"]
        def forked():
            child = os.fork()
            if child == 0:
                os.mkdir("@OPEN_FOLDER@/forked")
                os._exit(0)
            os.waitpid(child, 0)
        told = attempt(
            forked,
            lambda: subprocess.run(touch("run")),
            lambda: os.system(" ".join(touch("system")[2:])),
            lambda: os.popen("echo > @OPEN_FOLDER@/popen").read(),
            lambda: os.waitpid(os.posix_spawn("/bin/sh", touch("spawned"), {}), 0),
            lambda: os.spawnv(os.P_WAIT, "/bin/sh", touch("spawnv")),
        )
        """,
    ),
    reaching(
        "the machine's own libraries, and its memory",
        """
        def loaded():
            import ctypes
            ctypes.CDLL(None).system(b"echo > @OPEN_FOLDER@/by-ctypes")
        def mapped():
            import mmap
            return mmap.mmap(-1, 4096)
        def loaded_below():
            import _ctypes
            return _ctypes.dlopen(None, 0)
        def loaded_module():
            import _imp, importlib.machinery
            spec = importlib.machinery.ModuleSpec("a", None, origin="@OPEN_FOLDER@/a.so")
            return _imp.create_dynamic(spec)
        told = attempt(loaded, mapped, loaded_below, loaded_module)
        """,
    ),
    reaching(
        "threads and further interpreters",
        """
        import os, threading
        def aside():
            os.mkdir("@OPEN_FOLDER@/by-thread")
        def thread():
            one = threading.Thread(target=aside)
            one.start()
            one.join(3)
        def below():
            import _thread
            return _thread.start_new_thread(aside, ())
        def interpreter():
            import _interpreters
            _interpreters.exec(_interpreters.create(), "import os; os.mkdir('@OPEN_FOLDER@/other')")
        def pool():
            from concurrent.futures import ThreadPoolExecutor
            return ThreadPoolExecutor().submit(aside).result(3)
        told = attempt(thread, below, interpreter, pool)
        """,
    ),
    reaching(
        "functions that were taken away, by tricks of import",
        """
        import importlib, sys
        def anew(name):
            kept = {each: sys.modules.pop(each) for each in list(sys.modules) if each == name}
            try:
                return importlib.import_module(name)
            finally:
                sys.modules.update(kept)
        told = attempt(
            lambda: anew("io").open("@SECRET_FILE@").read(),
            lambda: anew("_io").open("@SECRET_FILE@").read(),
            lambda: anew("os").listdir("@OPEN_FOLDER@"),
            lambda: importlib.reload(sys.modules["io"]).open("@SECRET_FILE@").read(),
            lambda: importlib.util._bootstrap_external._path_stat("@SECRET_FILE@") and
                importlib._bootstrap_external._io.FileIO("@SECRET_FILE@").read(),
            lambda: __import__("runpy").run_path("@SECRET_FILE@"),
            lambda: sys.path.insert(0, "@OPEN_FOLDER@/way-out"),
            lambda: importlib.import_module("secret"),
        )
        """,
    ),
    reaching(
        "the object graph, from every class that there is",
        """
        found = set()
        for each in object.__subclasses__():
            for name in ("__init__", "__enter__", "__call__", "__repr__"):
                scope = getattr(getattr(each, name, None), "__globals__", {})
                for module in (scope, *filter(lambda it: hasattr(it, "__dict__"), scope.values())):
                    read = getattr(module, "open_code", None) or getattr(module, "FileIO", None)
                    found |= {read} if callable(read) else set()
                    system = getattr(module, "__builtins__", None)
                    system = system if isinstance(system, dict) else getattr(system, "__dict__", {})
                    found |= {system["open"]} if "open" in system else set()
        told = attempt(*[lambda it=it: it("@SECRET_FILE@").read() for it in found])
        """,
    ),
    reaching(
        "frames, and everything that the collector knows",
        """
        import gc, sys
        def frames():
            frame, seen = sys._getframe(), []
            while frame is not None:
                seen.append(repr(frame.f_locals)[:5000])
                frame = frame.f_back
            return seen
        def texts():
            whole = [it for each in gc.get_objects() if isinstance(each, dict) and len(each) < 999
                for it in each.values() if isinstance(it, (str, bytes)) and len(it) < 99]
            return sorted(set(map(str, whole)))[:20_000]
        told = attempt(frames, texts, lambda: {**__import__("os").environ})
        """,
    ),
]
"""Each does something where nothing stops it: the control runs see it."""

BELOW = [
    reaching(
        "the host's own functions, with what they do not take",
        """
        from wit_world.imports import host
        told = attempt(
            lambda: host.read_file(None),
            lambda: host.read_file(b"x"),
            lambda: host.storage_set("k", 5),
            lambda: host.storage_get(["k"]),
            lambda: host.emit("e"),
            lambda: host.log(object(), object()),
        )
        """,
    ),
    reaching(
        "signals, and other accounts",
        """
        import os, signal
        told = attempt(
            lambda: os.kill(@SERVER@, 0),
            lambda: os.kill(1, 0),
            lambda: os.setuid(0),
            lambda: signal.setitimer(signal.ITIMER_REAL, 0.1),
            lambda: os.getppid(),
            lambda: os.nice(-5),
        )
        """,
    ),
    reaching(
        "halves of characters, everywhere",
        """
        half = "\\ud800"
        steward.log(half)
        steward.emit(half, {half: half})
        steward.storage_set("k", half)
        told = attempt(lambda: steward.read_file(half), lambda: steward.config(half + "\\0"))
        """,
    ),
    reaching("an error of half a character", "raise ValueError('\\ud800\\0' * 100)"),
    reaching(
        "an error that cannot be told",
        """
        class Bad(Exception):
            def __str__(self):
                raise self
            __repr__ = __str__
        raise Bad
        """,
    ),
    reaching("an endless chain of errors", "e = ValueError()\ne.__context__ = e\nraise e"),
    reaching(
        "the program's own functions, replaced",
        """
        import sys
        steward._json = lambda value, what: "@SERVER@ no JSON {"
        sys.modules["app"].json.loads = None
        """,
    ),
    reaching(
        "an answer that is no text",
        "steward._json = lambda value, what: 7",
    ),
    reaching(
        "the class that is called, replaced",
        """
        import gc, sys
        guest = sys.modules["app"].Guest
        guest.handle = lambda self, topic, payload: "forged"
        guest.load = None
        del sys.modules["app"], sys.modules["steward"]
        """,
    ),
    reaching(
        "the runtime's own functions, called with nonsense",
        """
        import componentize_py_runtime as below
        names = [each for each in dir(below) if not each.startswith("__")]
        told = attempt(*[
            lambda it=getattr(below, name), words=words: it(*words)
            for name in names for words in ((), (0,), (10**6, (), 0), (0, ["x"], 10**6))
        ])
        """,
    ),
]
"""What has no meaning outside."""
