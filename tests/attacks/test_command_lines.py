"""Which command lines run unasked: what a person allowed, and nothing that is dressed up as it.

The person allowed `echo`, `sort`, `find`, `git log` and more with whatever behind them, so that
only the judgement of the line stands in between.
"""

import shlex
import string
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from steward.core.errors import LimitError
from steward.permissions.decide import Act, Allow, Authority, decide
from steward.permissions.rules import parse_rules
from steward.tools.command.jailed import spelled
from steward.tools.command.line import parse
from steward.tools.command.wrappers import is_opaque
from tests.tools.agent import TOOLS, UNLIMITED

ROOT = "/home/ann/project"
ALLOWED = ("echo", "cat", "ls", "sort", "find", "git", "du", "head", "tail", "grep", "sleep", "wc")


def allowing(*patterns: str) -> Authority:
    rules = parse_rules(allow=[f"run_command({pattern})" for pattern in patterns])
    return replace(UNLIMITED, agent_tools=TOOLS, plan_tools=TOOLS, rules=rules)


EASY = allowing(*(f"{name} *" for name in ALLOWED))


def act(line: str) -> Act:
    parts = parse(line)
    if parts is None:
        return Act("run_command", "command.run", commands=None)
    commands = tuple(spelled(part.words) for part in parts)
    opaque = frozenset(spelled(p.words) for p in parts if is_opaque(p.words, ROOT))
    return Act("run_command", "command.run", commands=commands, opaque=opaque)


def is_allowed(line: str, authority: Authority = EASY) -> bool:
    try:
        return isinstance(decide(authority, act(line)), Allow)
    except LimitError:
        return False


PLAIN = [
    *("du -a", "du -s --apparent-size -d 5", "echo a b", "sort a.txt | head -n 3", "ls; ls -la"),
    *("find src -name '*.py'", "head -n 1 -- a.py", 'echo "it is" fine', "ls\nls"),
    *(f"cat {ROOT}/a.py", "ls HEAD:a.py", "grep -rn TODO src && echo done"),
]


@pytest.mark.parametrize("line", PLAIN)
def test_what_the_person_allowed_runs_unasked(line: str) -> None:
    assert is_allowed(line)


EVIL = ["rm x", "curl x", "sh", "python3", "node x", "./x", "bin/x", "unknown-program", "make"]
JOINED = [
    *("du -a; {0}", "du -a && {0}", "du -a || {0}", "du -a | {0}", "du -a\n{0}"),
    *("{0}; du -a", "{0} && du -a", "du -a &&\n{0}", "du -a ; ls ; {0}", "du -a|{0}"),
    *("du -a & {0}", "du -a |& {0}", "du -a $({0})", "du -a `{0}`", 'du -a "$({0})"'),
    *('du -a "`{0}`"', "du -a <({0})", "du -a >({0})", "du -a $(<{0})", "({0})"),
    *("du -a <<E\n$({0})\nE", "du -a <<<$({0})", "du -a; ({0})", "du -a; {{ {0}; }}"),
    *("! {0}", "time {0}", "exec {0}", "eval {0}", "eval 'du -a; {0}'", "command {0}"),
    *("builtin {0}", "coproc {0}", "if du -a; then {0}; fi", "for x in 1; do {0}; done"),
    *("while {0}; do du -a; done", "case x in x) {0};; esac", "f() {{ {0}; }}; f"),
    *("du -a; [[ x =~ $({0}) ]]", "du -a $((a[$({0})]))", "echo ${{x:-$({0})}}"),
    *("du -a;\\\n{0}", "du -a\r{0}", "du -a;\t{0}", "du -a\u2028{0}", "du -a\u00a0;{0}"),
    *("trap '{0}' EXIT; du -a", "alias git='{0}'; du -a", "BASH_ENV=x du -a; {0}"),
    *("export PATH=.; {0}", "cd /tmp && {0}", ". ./x; {0}", "source x; {0}", "set -- {0}"),
]


@pytest.mark.parametrize("shape", JOINED, ids=ascii)
def test_no_line_is_allowed_because_it_begins_well(shape: str) -> None:
    assert not [evil for evil in EVIL if is_allowed(shape.format(evil))]


UNREAD = [
    *("echo $HOME", "echo ${x}", "echo $x", "echo *", "echo a?", "echo [ab]", "echo {a,b}"),
    *("echo ~", "echo ~root", "echo a=~", "echo a:~/x", "echo x > a.py", "echo x >> a.py"),
    *("cat < a.py", "echo x 2>&1", "echo x &", "echo \\x", "echo 'x", 'echo "x', "echo x'", "|"),
    *("", " ", ";", "&&", "ls |", "ls &&", "ls || ", "| ls", "; ls", "ls ;; ls", "ls && && ls"),
    *("ls ||| ls", "ls # x", "#", "echo #", "echo a!b", "!!", "x=1 ls", "x=1", "x+=1 ls", "a[1]=2"),
    *(
        "ls\tls",
        "ls\rls",
        "ls\0ls",
        "ls\vls",
        "ls\fls",
        "l\u200bs",
        "ls\u3000-la",
        "'ls\n'",
        "[ x ]",
    ),
    *("[[ x ]]", "test() { ls; }", "function x { ls; }", "select x in y; do ls; done", "((1))"),
    *("echo $'x'", 'echo $"x"', "export X=1", "declare -x X", "alias x=y", "set -x", "trap x EXIT"),
    *("PROMPT_COMMAND=x ls", "GIT_PAGER=x git log", "LD_PRELOAD=x ls", "PYTHONSTARTUP=x ls"),
    *("readonly X", "unset X", "ulimit -c 0", "umask 0", "hash -r", "enable -f x", "''", "'' ls"),
    *("ls \u202etxt", "echo '\u202e'", "echo '\x1b[2J'", "then", "fi", "do ls", "ls; done", "in"),
]


@pytest.mark.parametrize("line", UNREAD, ids=ascii)
def test_a_line_that_not_every_shell_reads_alike_is_asked_about(line: str) -> None:
    assert act(line).commands is None
    everything = allowing("*")
    assert not is_allowed(line, everything)


@pytest.mark.parametrize("line", ["ls@x", "ls%1", "1@", "echo a && ls@x"])
def test_a_line_that_the_grammar_of_bash_reads_otherwise_is_asked_about(line: str) -> None:
    assert act(line).commands is None


def named(text: str) -> list[str]:
    return text.split()


SHELLS = named("sh bash dash zsh fish ksh csh tcsh ash rbash busybox")
SCRIPTED = named(
    "python python3 python3.11 perl ruby node deno bun lua php tclsh awk gawk mawk jq R "
    "julia ghc scala erl guile emacs gdb lldb sqlite3 psql mysql octave jshell irb ocaml"
)
CARRIERS = named(
    "env sudo doas su timeout nice nohup setsid stdbuf xargs watch time script strace "
    "ltrace ionice chroot unshare nsenter flock parallel entr ssh docker kubectl at batch "
    "taskset chrt setarch linux32 linux64 runuser pkexec gosu systemd-run dbus-run- "
    "session"
)
LEADING = [
    *("vi -c '!sh'", "vim -c ':!sh'", "ed", "nano -s sh", "less a", "more a", "man -P sh man"),
    *(
        "git log",
        "git log --oneline",
        "git status",
        "git diff",
        "git show HEAD:.env",
        "git blame a",
    ),
    *("find . -exec sh ';'", "find . -execdir sh ';' -quit", "find . -ok sh ';'", "find . -delete"),
    *("find . -fprintf x y", "find . -fls x", "find src -name x -exec sh ';'", "sort -o /etc/x a"),
    *("sort --compress-program=sh a", "sort --compress-p sh a", "sort --comp=sh a", "git help log"),
    *("git -c core.pager=sh log", "git -p log", "git --exec-path=. log", "git -C .. log", "git sh"),
    *("git log --ext-diff", "git log --ext", "git diff --textconv", "git log --output=x", "git x"),
    *("git log --outp=x", "git grep -Osh x", "git grep --open-files-in-pager=sh x", "git"),
    *("git diff --no-index /etc/passwd a", "git bisect run sh", "git rebase -x sh HEAD~1"),
    *("git submodule foreach sh", "git difftool -x sh", "git clone x", "git fetch", "git push"),
    *("git pull", "git commit -m x", "git checkout x", "git config x y", "git archive --exec=sh x"),
    *("git ls-remote x", "git filter-branch sh", "git hook run x", "git show --textconv HEAD:a"),
    *("git log -OxO", "git blame --contents x a", "git --help log", "git log --help", "git alias"),
    *("cat /etc/shadow", "cat ../x", "cat a/../../x", "head -c1 /dev/sda", "tail -f /var/log/x"),
    *("ls /", "grep -f/etc/shadow x", "grep --file=/etc/shadow x", "wc --files0-from=/etc/shadow"),
    *(
        f"cat {ROOT}/../x",
        f"cat {ROOT}x/y",
        "sort --files0-from=x",
        "echo x@/etc",
        "find / -name x",
    ),
    *("/bin/ls", "./ls", "bin/ls", "./git log", f"{ROOT}/git log", "../git log", "a/../git log"),
    *(
        "sed 1e a",
        "sed -n '1e sh' a",
        "tar --to-command=sh -xf a",
        "tar -I sh -cf a b",
        "zip -TT sh",
    ),
    *(
        "rsync -e sh a b",
        "scp -S sh a b",
        "make",
        "npm test",
        "npx x",
        "pip install x",
        "cargo run",
    ),
    *(
        "go run x",
        "gcc x",
        "ld x",
        "cmake .",
        "rake",
        "bundle exec x",
        "pytest",
        "tox",
        "pre-commit",
    ),
    *("openssl x", "nc x 1", "curl x", "wget x", "socat x y", "telnet x", "tee x", "dd if=a of=b"),
    *("cp a b", "mv a b", "rm a", "ln -s a b", "chmod 777 a", "install a b", "mkdir x", "touch x"),
    *("nslookup x", "ping x", "crontab x", "systemctl x", "service x", "mount x", "ip x", "nmap x"),
]
OPAQUE = [
    *(f"{name} -c x" for name in SHELLS),
    *(name for name in SHELLS),
    *(f"{name} {rest}" for name in SCRIPTED for rest in ("x", "-e x", "-c x", "-m x", "-")),
    *(
        f"{name} {rest}"
        for name in CARRIERS
        for rest in ("ls", "sh", "-- git log", "1 ls", "x=1 ls")
    ),
    *LEADING,
]


def test_no_program_that_can_run_another_is_allowed_by_its_name() -> None:
    assert len(OPAQUE) > 350
    through: list[str] = []
    for line in OPAQUE:
        name, *rest = shlex.split(line)
        wide = allowing(f"{name} *", "*", "echo *", *(f"{w} *" for w in rest if w.isalnum()))
        through += [line] if is_allowed(line, wide) else []
    assert through == []


def test_a_rule_that_has_all_the_words_covers_a_wrapper_and_nothing_else_of_it() -> None:
    authority = allowing("python3 -m pytest -q", "timeout 5 ls")
    assert is_allowed("python3 -m pytest -q", authority)
    assert is_allowed("timeout 5 'ls'", authority)
    for line in ("python3 -m pytest", "python3 -m pytest -q x", "python3 -c x", "timeout 5 ls -la"):
        assert not is_allowed(line, authority)
    assert not is_allowed("python3 -m pytest -q && ls", authority)


WORDS = st.sampled_from(
    [*ALLOWED, *("log", "-n", "a b", "sh", "-c", "rm", "*", "$x", "..", "/etc", "", "-exec", "é;")]
)
LINES = st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=3)


def quoted(word: str, cuts: list[int]) -> str:
    """The same word, each piece of it quoted in some way that a shell takes away again."""
    at = sorted({0, len(word), *(cut % (len(word) + 1) for cut in cuts)})
    pieces = [word[a:b] for a, b in pairwise(at)]
    written = ""
    for index, piece in enumerate(pieces):
        is_safe = set(piece).isdisjoint('$`\\"')
        ways = [shlex.quote(piece), f"'{piece}'", f'"{piece}"' if is_safe else f"'{piece}'"]
        written += ways[(index + len(cuts)) % 3]
    return written or "''"


@settings(max_examples=150, deadline=None)
@given(LINES, st.lists(st.integers(0, 20), max_size=4))
def test_quoting_a_word_otherwise_never_widens(parts: list[list[str]], cuts: list[int]) -> None:
    plain = " && ".join(shlex.join(words) for words in parts)
    other = " && ".join(" ".join(quoted(word, cuts) for word in words) for words in parts)
    assert is_allowed(other) <= is_allowed(plain)
    read = parse(other)
    assert read is None or [list(part.words) for part in read] == parts


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=string.printable + "é\u202e", max_size=25), LINES)
def test_what_is_read_of_a_line_is_what_a_shell_would_split(
    text: str, parts: list[list[str]]
) -> None:
    for line in (text, " ".join(shlex.join(words) for words in parts) + text):
        read = parse(line)
        if read is not None:
            ours = [word for part in read for word in part.words]
            lexer = shlex.shlex(line.replace("\n", ";"), posix=True, punctuation_chars=";|&")
            lexer.whitespace_split, lexer.commenters = True, ""
            assert ours == [token for token in lexer if not token or not set(token) <= set(";|&")]


@settings(max_examples=150, deadline=None)
@given(LINES, LINES, st.sampled_from([" && ", " || ", "; ", " | ", "\n"]))
def test_two_commands_together_are_never_allowed_more_than_each_alone(
    left: list[list[str]], right: list[list[str]], joint: str
) -> None:
    one, other = (" && ".join(shlex.join(words) for words in parts) for parts in (left, right))
    assert is_allowed(one + joint + other) <= (is_allowed(one) and is_allowed(other))


def test_a_line_has_a_size() -> None:
    for line in ("x" * 9_000, "ls\n" * 200, "; ".join(["ls"] * 51), "echo $(x)" + "; ls" * 500):
        with pytest.raises(LimitError):
            parse(line)
