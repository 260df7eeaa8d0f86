"""What a hostile component tries that no compiler makes: raw WebAssembly, one body for each attack.

All bodies stand in one component, since compiling one takes long; the topic says which is meant.
"""

from wasmtime import wat2wasm

from steward.sandbox.wasm.worker import Guest
from tests.attacks.extension_attacks import Attack

_TRAPS = ("trap",)
_TIME = ("deadline",)
_DEPTH = ("stack",)
_FIRST = 33
_MANY = "2_000_000_000"
"""Turns of a loop that take a second or more."""

_OK = "(return (i32.const 64))"
_RETURNED = "(i32.store (i32.const 68) {at}) (i32.store (i32.const 72) {size})" + _OK
_LOOP = f"""
(loop $again (local.set $i (i32.add (local.get $i) (i32.const 1)))
  (br_if $again (i32.lt_u (local.get $i) (i32.const {_MANY}))))"""


def _asked(path: str, size: str, into: str = "(i32.const 1024)") -> str:
    return f"(call $read {path} {size} {into}) {_OK}"


def _lying(mode: int) -> str:
    """Ask for a file while `realloc` behaves like this."""
    return f"(global.set $mode (i32.const {mode})) {_asked('(i32.const 96)', '(i32.const 4)')}"


Row = tuple[str, str, tuple[str, ...]]

ROWS: list[Row] = [
    # Pointers and lengths given to the host.
    ("a path outside of its memory", _asked("(i32.const -16)", "(i32.const 8)"), _TRAPS),
    ("a path beyond its memory", _asked("(i32.const 96)", "(i32.const 0x7fffffff)"), _TRAPS),
    ("a path as long as can be", _asked("(i32.const 96)", "(i32.const -1)"), _TRAPS),
    ("an answer to nowhere", _asked("(i32.const 96)", "(i32.const 4)", "(i32.const -4)"), _TRAPS),
    (
        "an answer to an odd place",
        _asked("(i32.const 96)", "(i32.const 4)", "(i32.const 1025)"),
        _TRAPS,
    ),
    ("a path that is no UTF-8", _asked("(i32.const 104)", "(i32.const 3)"), _TRAPS),
    ("a path of half a character", _asked("(i32.const 108)", "(i32.const 3)"), _TRAPS),
    ("a path with an overlong slash", _asked("(i32.const 112)", "(i32.const 2)"), _TRAPS),
    ("a path cut in its character", _asked("(i32.const 116)", "(i32.const 2)"), _TRAPS),
    (
        "a line that is no UTF-8",
        f"(call $log (i32.const 104) (i32.const 3) (i32.const 104) (i32.const 3)) {_OK}",
        _TRAPS,
    ),
    (
        "an empty line from nowhere",
        f"(call $log (i32.const -1) (i32.const 0) (i32.const -1) (i32.const 0)) {_OK}",
        (*_TRAPS, "answered"),
    ),
    (
        "a choice that there is not",
        f"(call $set (i32.const 96) (i32.const 4) (i32.const 7) (i32.const 96) (i32.const 4)"
        f" (i32.const 1024)) {_OK}",
        _TRAPS,
    ),
    # What `realloc` gives the host to write to.
    ("room outside of its memory", _lying(1), _TRAPS),
    ("room at an odd place", _lying(2), (*_TRAPS, "answered")),
    ("room at nought", _lying(3), (*_TRAPS, "answered")),
    ("room that it never gives", _lying(4), _TIME),
    ("room where its own answer is", _lying(5), (*_TRAPS, "answered")),
    ("a question within giving room", _lying(6), _TRAPS),
    ("room that it grows for, on and on", _lying(7), (*_TRAPS, "answered", "memory")),
    ("room that it crashes over", _lying(8), _TRAPS),
    # What it returns.
    (
        "a text outside of its memory",
        _RETURNED.format(at="(i32.const -16)", size="(i32.const 8)"),
        _TRAPS,
    ),
    (
        "a text beyond its memory",
        _RETURNED.format(at="(i32.const 80)", size="(i32.const 0x7fffffff)"),
        _TRAPS,
    ),
    ("four gigabytes of text", _RETURNED.format(at="(i32.const 0)", size="(i32.const -1)"), _TRAPS),
    (
        "a text that is no UTF-8",
        _RETURNED.format(at="(i32.const 104)", size="(i32.const 3)"),
        _TRAPS,
    ),
    ("an answer of neither kind", f"(i32.store8 (i32.const 64) (i32.const 9)) {_OK}", _TRAPS),
    ("an answer outside of its memory", "(return (i32.const -8))", _TRAPS),
    ("an answer at an odd place", "(return (i32.const 65))", _TRAPS),
    (
        "seven megabytes of noughts",
        "(drop (memory.grow (i32.const 120)))"
        + _RETURNED.format(at="(i32.const 65536)", size="(i32.const 7_000_000)"),
        ("answer",),
    ),
    (
        "an error of seven megabytes",
        "(drop (memory.grow (i32.const 120))) (i32.store8 (i32.const 64) (i32.const 1))"
        + _RETURNED.format(at="(i32.const 65536)", size="(i32.const 7_000_000)"),
        ("answer", "raised"),
    ),
    # What is called when its answer was taken.
    ("a crash behind its answer", f"(global.set $mode (i32.const 11)) {_OK}", _TRAPS),
    ("a loop behind its answer", f"(global.set $mode (i32.const 12)) {_OK}", _TIME),
    ("a question behind its answer", f"(global.set $mode (i32.const 13)) {_OK}", _TRAPS),
    # Time, memory and the stack.
    ("a loop", f"{_LOOP} {_OK}", _TIME),
    (
        "memory, filled again and again",
        "(drop (memory.grow (i32.const 1000))) (loop $again"
        " (memory.fill (i32.const 65536) (local.get $i) (i32.const 60_000_000))"
        " (local.set $i (i32.add (local.get $i) (i32.const 1)))"
        f" (br_if $again (i32.lt_u (local.get $i) (i32.const 200)))) {_OK}",
        _TIME,
    ),
    (
        "memory, page by page",
        "(loop $again (br_if $again (i32.and (i32.ne (memory.grow (i32.const 16)) (i32.const -1))"
        " (i32.lt_u (memory.size) (i32.const 2400)))))"
        " (if (i32.ge_u (memory.size) (i32.const 2400)) (then (memory.fill (i32.const 65536)"
        f" (i32.const 1) (i32.const 150_000_000)) (unreachable))) {_OK}",
        ("answered",),
    ),
    (
        "all memory at once",
        f"(if (i32.ne (memory.grow (i32.const 65000)) (i32.const -1)) (then (unreachable))) {_OK}",
        ("answered",),
    ),
    (
        "a table, row by row",
        "(loop $again (br_if $again (i32.and (i32.ne (table.grow $rows (ref.null func)"
        " (i32.const 10_000)) (i32.const -1)) (i32.lt_u (table.size $rows) (i32.const 500_000)))))"
        " (if (i32.ge_u (table.size $rows) (i32.const 500_000)) (then (unreachable)))" + _OK,
        ("answered",),
    ),
    ("a function in itself", f"(drop (call $down (i32.const 20_000))) {_OK}", _DEPTH),
    (
        "functions in each other, by a table",
        f"(drop (call_indirect $rows (type $deep) (i32.const 100_000) (i32.const 0))) {_OK}",
        _DEPTH,
    ),
    (
        "questions, on and on",
        "(loop $again (call $read (i32.const 96) (i32.const 4) (i32.const 1024))"
        " (local.set $i (i32.add (local.get $i) (i32.const 1)))"
        f" (br_if $again (i32.lt_u (local.get $i) (i32.const 5_000)))) {_OK}",
        ("quota", "deadline"),
    ),
    (
        "lines, on and on",
        "(loop $again (call $log (i32.const 96) (i32.const 4) (i32.const 65536) (i32.const 9_000))"
        " (local.set $i (i32.add (local.get $i) (i32.const 1)))"
        f" (br_if $again (i32.lt_u (local.get $i) (i32.const 5_000)))) {_OK}",
        ("quota", "deadline"),
    ),
    # What the processor itself refuses.
    ("no number at all", f"(drop (i32.div_s (i32.const 1) (local.get $i))) {_OK}", _TRAPS),
    (
        "a function that is none",
        f"(drop (call_indirect $rows (type $deep) (i32.const 0) (i32.const 3))) {_OK}",
        _TRAPS,
    ),
    (
        "a function of another kind",
        f"(call_indirect $rows (type $other) (i64.const 0) (i32.const 0)) {_OK}",
        _TRAPS,
    ),
    ("a number from outside of its memory", f"(drop (i64.load (i32.const -8))) {_OK}", _TRAPS),
    ("the end of what may be reached", "unreachable", _TRAPS),
]


def attacks() -> list[Attack]:
    """Each with the topic that stands for it."""
    return [
        Attack(name, "", ends, is_greedy=ends == _TIME, topic=chr(_FIRST + place))
        for place, (name, _, ends) in enumerate(ROWS)
    ]


def attacker() -> Guest:
    """The component with all bodies."""
    bodies = "\n".join(
        f"(if (i32.eq (local.get $which) (i32.const {_FIRST + place})) (then {body}))"
        for place, (_, body, _) in enumerate(ROWS)
    )
    return guest(_COMPONENT.replace("BODIES", bodies).replace("LOOP", _LOOP))


def guest(text: str) -> Guest:
    """The component that this text describes."""
    return Guest("test.attacker", "component", "{}", bytes(wat2wasm(text)))


_COMPONENT = """
(component
  (import "steward:extension/host@1.0.0" (instance $host
    (type $cases (variant (case "denied" string) (case "not-found" string)
      (case "invalid" string) (case "limit" string) (case "unavailable" string)))
    (export "error" (type $error (eq $cases)))
    (export "read-file" (func (param "path" string) (result (result string (error $error)))))
    (export "storage-set" (func (param "key" string) (param "value" (option string))
      (result (result (error $error)))))
    (export "log" (func (param "level" string) (param "message" string)))))
  (core module $base
    (memory (export "memory") 4)
    (global $next (mut i32) (i32.const 131072))
    (global $mode (export "mode") (mut i32) (i32.const 0))
    (table (export "asked") 1 funcref)
    (type $plain (func))
    (data (i32.const 64) "\\00\\00\\00\\00\\50\\00\\00\\00\\02\\00\\00\\00")
    (data (i32.const 80) "{}")
    (data (i32.const 96) "a.py")
    (data (i32.const 104) "\\ff\\fe\\fd")
    (data (i32.const 108) "\\ed\\a0\\80")
    (data (i32.const 112) "\\c0\\af")
    (data (i32.const 116) "\\f0\\9f")
    (func (export "realloc") (param i32 i32 i32) (param $size i32) (result i32)
      (local $i i32)
      (if (i32.eq (global.get $mode) (i32.const 1)) (then (return (i32.const -16))))
      (if (i32.eq (global.get $mode) (i32.const 2)) (then (return (i32.const 1031))))
      (if (i32.eq (global.get $mode) (i32.const 3)) (then (return (i32.const 0))))
      (if (i32.eq (global.get $mode) (i32.const 4)) (then LOOP))
      (if (i32.eq (global.get $mode) (i32.const 5)) (then (return (i32.const 1024))))
      (if (i32.eq (global.get $mode) (i32.const 6))
        (then (call_indirect (type $plain) (i32.const 0))))
      (if (i32.eq (global.get $mode) (i32.const 7)) (then
        (loop $again (br_if $again (i32.ne (memory.grow (i32.const 64)) (i32.const -1))))))
      (if (i32.eq (global.get $mode) (i32.const 8)) (then unreachable))
      (local.set $i (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $i) (local.get $size)))
      (local.get $i)))
  (core instance $base (instantiate $base))
  (core func $read (canon lower (func $host "read-file")
    (memory (core memory $base "memory")) (realloc (core func $base "realloc"))))
  (core func $set (canon lower (func $host "storage-set")
    (memory (core memory $base "memory")) (realloc (core func $base "realloc"))))
  (core func $log (canon lower (func $host "log")
    (memory (core memory $base "memory"))))
  (core module $code
    (type $deep (func (param i32) (result i32)))
    (type $other (func (param i64)))
    (import "base" "memory" (memory 4))
    (import "base" "mode" (global $mode (mut i32)))
    (import "base" "asked" (table $asked 1 funcref))
    (import "host" "read" (func $read (param i32 i32 i32)))
    (import "host" "set" (func $set (param i32 i32 i32 i32 i32 i32)))
    (import "host" "log" (func $log (param i32 i32 i32 i32)))
    (table $rows 8 funcref)
    (elem (table $rows) (i32.const 0) func $over $over)
    (elem (table $asked) (i32.const 0) func $inside)
    (func $inside (call $log (i32.const 96) (i32.const 4) (i32.const 96) (i32.const 4)))
    (func $over (type $deep)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (call_indirect $rows (type $deep)
          (i32.sub (local.get 0) (i32.const 1)) (i32.const 1))))
        (else (i32.const 0))))
    (func $down (type $deep)
      (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
      (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
      (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
      (if (result i32) (local.get 0)
        (then (i32.add (local.get 0) (call $kept (call $down
          (i32.sub (local.get 0) (i32.const 1))) (local.get 5) (local.get 35) (local.get 60))))
        (else (i32.const 0))))
    (func $kept (param i32 i64 i64 i64) (result i32) (local.get 0))
    (func (export "after") (param i32)
      (local $i i32)
      (if (i32.eq (global.get $mode) (i32.const 11)) (then unreachable))
      (if (i32.eq (global.get $mode) (i32.const 12)) (then LOOP))
      (if (i32.eq (global.get $mode) (i32.const 13)) (then (call $inside))))
    (func (export "load") (param i32 i32) (result i32) (i32.const 64))
    (func (export "handle")
      (param $topic i32) (param $topic_len i32) (param $payload i32) (param $payload_len i32)
      (result i32)
      (local $i i32) (local $which i32)
      (local.set $which (i32.load8_u (local.get $topic)))
      BODIES
      (i32.const 64)))
  (core instance $made (instantiate $code
    (with "base" (instance $base))
    (with "host" (instance
      (export "read" (func $read)) (export "set" (func $set)) (export "log" (func $log))))))
  (func $load (param "bundle" string) (result (result string (error string)))
    (canon lift (core func $made "load") (memory (core memory $base "memory"))
      (realloc (core func $base "realloc"))))
  (func $handle (param "topic" string) (param "payload" string)
    (result (result string (error string)))
    (canon lift (core func $made "handle") (memory (core memory $base "memory"))
      (realloc (core func $base "realloc")) (post-return (core func $made "after"))))
  (instance $guest (export "load" (func $load)) (export "handle" (func $handle)))
  (export "steward:extension/guest@1.0.0" (instance $guest)))
"""
