"""Texts of many languages for edits to be tried on: like real ones, with much that is repeated."""

from dataclasses import dataclass
from random import Random
from string import Template

_WORDS = (
    *("order", "invoice", "basket", "parcel", "ledger", "ticket", "cursor", "buffer", "packet"),
    *("record", "branch", "session", "widget", "filter", "reader", "writer", "stream", "bucket"),
    *("folder", "signal", "anchor", "margin", "column", "header", "footer", "vector"),
)

_PYTHON = """
def ${a}_${b}(self, ${c}):
    if not ${c}:
        return None
    ${d} = self._${a}.get(${c}, ${n})
    for ${e} in ${d}:
        if ${e}.is_open and ${e}.size > ${m}:
            self.send(${e}, '${b}-${n}')

    log.info("${a} of %s", ${c})
    return ${d}
"""
_TYPESCRIPT = """
export function ${a}${n}(${b}: Map<string, number>, ${c}: string): number {
  const ${d} = ${b}.get(${c}) ?? ${n};
  if (${d} > ${m} && ${c} !== "${e}") {
    notify(`${a} is over`, { ${d} });
    return 0;
  }

  // ${a} counts once.
  return ${d} * ${m};
}
"""
_GO = """
func (s *Store) ${a}${n}(${b} string, ${c} int) (*${d}, error) {
\tif ${c} <= ${m} {
\t\treturn nil, fmt.Errorf("${a} %q: too few", ${b})
\t}
\t${d}, err := s.find(${b}, ${n})
\tif err != nil {
\t\treturn nil, err
\t}

\t${d}.${e} += ${c}
\treturn ${d}, nil
}
"""
_RUST = """
pub fn ${a}_${b}(&self, ${c}: &str) -> Result<u32, Error> {
    let ${d} = self.${a}.get(${c}).ok_or(Error::Missing("${e}"))?;
    match ${d}.state {
        State::Open => Ok(${d}.size + ${n}),
        State::Closed if ${d}.size > ${m} => Err(Error::Closed),
        _ => Ok(0),
    }
}
"""
_JAVA = """
    public List<String> ${a}${n}(String ${b}, int ${c}) {
        var ${d} = new ArrayList<String>();
        while (${c} > ${m}) {
            ${d}.add(this.${e}.render(${b}));
            ${c}--;
        }

        return ${d};
    }
"""
_C = """
static int ${a}_${b}(struct ${c} *${d}, size_t ${e})
{
\tif (${d} == NULL || ${e} > ${n})
\t\treturn -EINVAL;
\t${d}->${a} = ${e} * ${m};
\tmemset(${d}->${b}, 0, sizeof(${d}->${b}));

\treturn 0;
}
"""
_RUBY = """
  def ${a}_${b}(${c}, limit: ${n})
    @${d}.each do |${e}|
      next if ${e}.size < ${m}
      ${e}.${a}!('${b}') unless ${c}.nil?
    end

    @${d}.first(limit)
  end
"""
_LUA = """
function M.${a}_${b}(${c}, ${d})
  local ${e} = ${c}.${a} or ${n}
  if ${d} > ${m} then
    ${c}:emit("${b}", ${e})
    return nil
  end

  return ${e} -- ${a}
end
"""
_SQL = """
CREATE TABLE ${a}_${b}_${n} (
    id BIGINT PRIMARY KEY,
    ${c} TEXT NOT NULL DEFAULT '${d}',
    ${e} NUMERIC(${m}, 2) CHECK (${e} >= 0)
);

CREATE INDEX ${a}_${b}_${n}_${c} ON ${a}_${b}_${n} (${c}, ${e});
"""
_SHELL = """
${a}_${b}() {
    local ${c}="$${1:-${d}}"
    if [ "$$#" -lt ${m} ]; then
        echo "${a}: give a ${e}" >&2
        return ${n}
    fi

    grep -c "${b}" "$$${c}" | sort -n
}
"""
_YAML = """
  ${a}-${b}-${n}:
    image: "${c}/${d}:${m}"
    environment:
      ${e}: '${n}'
      mode: "strict"
    ports:
      - ${m}:${n}
"""
_HTML = """
<section id="${a}-${b}-${n}">
  <h2>${c} &amp; ${d}</h2>
  <ul class="${e}">
    <li data-size="${m}">${a}</li>
    <li data-size="${n}">${b}</li>
  </ul>
</section>
"""
_CSS = """
.${a}-${b}-${n} > .${c} {
  margin: ${m}px auto;
  color: var(--${d}, #fff);
}

.${a}-${b}-${n}:hover::after {
  content: "${e}";
}
"""
_MARKDOWN = """
## The ${a} and its ${b}, part ${n}

The ${c} — said “${d}” — keeps ${m} of them; don't count a ${e}.

- first the ${a}, at most ${n}
- then the ${b}, café included
  - and the ${c}
"""
_TOML = """
[${a}.${b}-${n}]
${c} = "${d}"
${e}_max = ${m}
paths = [
    "src/${a}",
    "lib/${b}",
]
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text, with LF alone and a final newline."""

    language: str
    name: str
    text: str

    @property
    def lines(self) -> list[str]:
        """Without their ends."""
        return self.text.removesuffix("\n").split("\n")


_TEMPLATES = {
    "Python": ("py", _PYTHON, "class Store:\n    '''What is kept.'''\n", "    "),
    "TypeScript": ("ts", _TYPESCRIPT, 'import { notify } from "./notify";\n', ""),
    "Go": ("go", _GO, 'package store\n\nimport "fmt"\n', ""),
    "Rust": ("rs", _RUST, "impl Store {\n", "    "),
    "Java": ("java", _JAVA, "public class Store {\n", ""),
    "C": ("c", _C, '#include "store.h"\n', ""),
    "Ruby": ("rb", _RUBY, "class Store\n", ""),
    "Lua": ("lua", _LUA, "local M = {}\n", ""),
    "SQL": ("sql", _SQL, "BEGIN;\n", ""),
    "Shell": ("sh", _SHELL, "#!/bin/sh\nset -eu\n", ""),
    "YAML": ("yaml", _YAML, "services:\n", ""),
    "HTML": ("html", _HTML, "<!doctype html>\n<main>\n", "  "),
    "CSS": ("css", _CSS, ":root { --gap: 4px; }\n", ""),
    "Markdown": ("md", _MARKDOWN, "# A shop\n", ""),
    "TOML": ("toml", _TOML, "[project]\nname = 'shop'\n", ""),
}
LANGUAGES = tuple(_TEMPLATES)


def source(random: Random, language: str) -> Source:
    """A file of four to nine pieces of the same shape, with names and numbers of their own."""
    suffix, template, head, indent = _TEMPLATES[language]
    pieces = [head]
    for _ in range(random.randint(4, 9)):
        names = dict(zip("abcde", random.sample(_WORDS, 5), strict=True))
        numbers = {"n": random.randint(2, 99), "m": random.randint(2, 99)}
        piece = Template(template.strip("\n")).substitute(names | numbers)
        pieces.append(
            "\n".join(indent + line if line else line for line in piece.split("\n")) + "\n"
        )
    return Source(language, f"store.{suffix}", "\n".join(pieces))
