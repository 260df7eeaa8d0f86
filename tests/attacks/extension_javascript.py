"""What hostile JavaScript tries in QuickJS. Every loop ends by itself after a while."""

from steward.sandbox.wasm.worker import Guest
from tests.attacks.extension_attacks import Attack
from tests.extension_worker import javascript

ENDS = ("answered", "raised", "trap", "stack", "memory", "deadline", "quota", "answer")
_TIME = ("deadline",)
_ROOM = ("raised", "memory", "trap", "deadline", "answered")
_MANY = "150_000_000"


def attacker() -> Guest:
    """An extension that evaluates what it is given, and answers with its last value."""
    return javascript(
        """
        const steward = require("steward");
        globalThis.steward = steward;
        steward.command("run", (request) => {
          const told = (0, eval)(request.arguments);
          return typeof told === "object" && told !== null && "message" in told ? told
            : JSON.stringify(told) ?? String(told);
        });
        """,
        "test.attacker",
    )


def _reading(name: str, code: str) -> Attack:
    return Attack(name, code, ENDS)


_ATTEMPT = """
const attempt = (...acts) => acts.map((act) => {
  try { return String(act()); } catch (error) { return String(error); }
});
"""

REACHING = [
    _reading(
        "modules of the system",
        _ATTEMPT
        + """
attempt(
  () => require("fs").readFileSync("@SECRET_FILE@", "utf8"),
  () => std.loadFile("@SECRET_FILE@"),
  () => os.open("@SECRET_FILE@"),
  () => globalThis.process.env.STEWARD_CANARY,
  () => Deno.readTextFileSync("@SECRET_FILE@"),
  () => (0, eval)("import('std')"),
  () => (0, eval)("import('@SECRET_FILE@')"),
  () => fetch("http://127.0.0.1:@PORT@"),
  () => new XMLHttpRequest(),
  () => new WebSocket("ws://127.0.0.1:@PORT@"),
  () => new Worker("data:,"),
)""",
    ),
    _reading(
        "every global and every prototype",
        """
const seen = new Set(), found = [];
const look = (it, path) => {
  if ((typeof it !== "object" && typeof it !== "function") || it === null || seen.has(it)) return;
  seen.add(it);
  for (const key of Reflect.ownKeys(it)) {
    let value;
    try { value = it[key]; } catch { continue; }
    found.push(path + String(key));
    if (seen.size < 5000) look(value, path + String(key) + ".");
  }
  look(Object.getPrototypeOf(it), path + "^");
};
look(globalThis, "");
look(steward, "steward.");
found.filter((each) => /open|exec|spawn|socket|load(?:File|Script)|environ/i.test(each))""",
    ),
    _reading(
        "functions made of text",
        _ATTEMPT
        + """
attempt(
  () => Function("return this.process")(),
  () => (() => {}).constructor("return require('fs')")(),
  () => steward.command.constructor("return require('fs')")(),
  () => Object.getPrototypeOf(async () => {}).constructor("return import('std')")(),
  () => Object.getPrototypeOf(function* () {}).constructor("yield this.std")().next().value,
  () => Reflect.construct(Function, ["return globalThis.os.open('@SECRET_FILE@')"])(),
)""",
    ),
    _reading(
        "the program's own files, by a path of another's",
        _ATTEMPT
        + """
attempt(
  () => steward.resource("../../etc/passwd"),
  () => steward.resource("__proto__"),
  () => steward.resource("constructor"),
  () => steward.readFile("../../../@SECRET_FILE@"),
)""",
    ),
    _reading(
        "prototypes that all of its host's functions stand on",
        """
Object.prototype.payload = { tag: "ok", val: "forged" };
Array.prototype.map = () => { throw 1; };
JSON.parse = () => ({ id: "test.neighbour" });
JSON.stringify = () => "no JSON {";
Map.prototype.get = () => () => ({ message: "forged" });
String.prototype.slice = () => "command";
Object.keys = Reflect.ownKeys = () => ["approve"];
steward.emit("mine", 1);
"x\"""",
    ),
    _reading(
        "the SDK, through getters and proxies",
        """
globalThis.steward = new Proxy(steward, { get: () => new Proxy(() => {}, {}) });
const late = { get message() { throw { payload: { tag: "denied" } }; } };
({ message: new Proxy({}, { get: () => late, ownKeys: () => { throw late; } }) })""",
    ),
    _reading("halves of characters", "steward.log('\\ud800'); steward.emit('\\udc00', '\\ud800')"),
    _reading("an error that is none", "throw { get name() { throw 1 }, toString: null }"),
    _reading("an error of half a character", "throw new Error('\\ud800\\0'.repeat(1000))"),
    _reading("an answer that refers to itself", "const a = { message: 1 }; a.a = a; a"),
    _reading("a number that JSON does not have", "({ message: 2n ** 70n })"),
    _reading("an answer that says something else", "({ message: '', toJSON: () => undefined })"),
    _reading("a promise that never ends", "({ message: '', then: () => {} })"),
    _reading("WebAssembly inside of it", "new WebAssembly.Module(new Uint8Array(8))"),
    _reading("shared memory", "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 2000)"),
]


def _looping(name: str, code: str) -> Attack:
    return Attack(name, code, _TIME, is_greedy=True)


LOOPS = [
    _looping("a loop", f"for (let n = 0; n < {_MANY}; n++);"),
    _looping(
        "a loop that catches everything",
        f"let n = 0; while (n < {_MANY}) {{ try {{ while (n++ < {_MANY}); }} catch {{}} }}",
    ),
    _looping("a regular expression", "/^(a+)+$/.test('a'.repeat(28) + 'b')"),
    _looping(
        "a sort",
        "Array.from({ length: 2_000_000 }, (_, n) => (n * 7919) % 1048573).sort((a, b) => a - b)",
    ),
    _looping("a sort of holes", "new Array(3e7).sort()"),
    _looping(
        "a proxy that is asked again and again",
        "const p = new Proxy({}, { has: () => false }); for (let n = 0; n < 5e7; n++) n in p;",
    ),
    _looping(
        "an iterator that never ends",
        f"let n = 0; const i = {{ [Symbol.iterator]: () => ({{ next: () => ({{ done: n++ > {_MANY}"
        " }) }) }; for (const each of i);",
    ),
    _looping(
        "the way of its answer to JSON",
        f"({{ message: '', toJSON: () => {{ for (let n = 0; n < {_MANY}; n++); return {{}} }} }})",
    ),
    _looping(
        "destructors",
        "const r = new FinalizationRegistry(() => {});"
        " for (let n = 0; n < 2e7; n++) r.register({}, n);",
    ),
]


def _filling(name: str, code: str) -> Attack:
    return Attack(name, "globalThis.kept ??= [];" + code, _ROOM, is_greedy=True)


MEMORY = [
    _filling("a buffer", "kept.push(new Uint8Array(150 << 20).fill(1)); 1"),
    _filling(
        "a text that doubles", "let t = 'x'; while (t.length < 150 << 20) t += t; kept.push(t)"
    ),
    _filling("an array", "const a = []; for (let n = 0; n < 2e7; n++) a.push(n); kept.push(a); 1"),
    _filling("objects", "for (let n = 0; n < 3e6; n++) kept.push({ n }); 1"),
    _filling("a number", "kept.push(1n << 1_200_000_000n); 1"),
    _filling("closures", "for (let n = 0; n < 2e6; n++) kept.push(() => n); 1"),
]
DEPTH = [
    _reading("a function in itself", "const down = (n) => n && down(n - 1) + 1; down(1e6)"),
    _reading("brackets", "(0, eval)('('.repeat(100_000) + ')'.repeat(100_000))"),
    _reading("deep JSON", "JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))"),
    _reading("a deep answer", "let a = {}; for (let n = 0; n < 1e5; n++) a = { message: a }; a"),
    _reading(
        "a deep expression", "/(?:)/.test('') && new RegExp('('.repeat(5e4) + ')'.repeat(5e4))"
    ),
    _reading("getters in themselves", "const a = { get b() { return this.b } }; a.b"),
    _reading(
        "a proxy of proxies", "let p = {}; for (let n = 0; n < 1e5; n++) p = new Proxy(p, {}); p.x"
    ),
]
FLOODS = [
    _reading("a long answer", "({ message: 'x'.repeat(5 << 20) })"),
    _reading("a long error", "throw new Error('x'.repeat(20 << 20))"),
    _reading("a log", "for (let n = 0; n < 5000; n++) console.log('x'.repeat(3000))"),
    _reading("questions", "for (let n = 0; n < 5000; n++) steward.storageSet('k', n)"),
    _reading("a long question", "steward.emit('e', 'x'.repeat(20 << 20))"),
]
