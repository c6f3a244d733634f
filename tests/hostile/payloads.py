"""Texts that do something somewhere: in a page, a PDF, a spreadsheet, a mail, a terminal."""

SCRIPT = "<script>document.title='run'</script>"
MARK = "document.title='run'"
"""A part of `SCRIPT` that nothing escapes: where it is stored, a payload has arrived."""

RAN = "n49n"
"""What a page shows if any of the template payloads was computed."""

SHORT = {
    "formula": "=1+1",
    "script": SCRIPT,
    "image": '"><img src=x onerror=alert(1)>',
    "metadata": 'xmp:MetadataDate="1999-01-01"',
    "jinja": "n{{7*7}}n",
    "dollar": "n${7*7}n",
    "hash": "n#{7*7}n",
    "tag": "{% raw %}",
    "quoted": "'-alert(1)-'",
    "link": "javascript:alert(1)",
    "format": "%(name)s %s {0.__class__}",
    "typst read": '#read("/etc/passwd")',
    "typst eval": '#eval("1")',
    "typst markup": "*bold* $x$ <label> @ref `raw` // #sys.inputs",
    "closers": "</title></textarea></select></style>--><script>document.title='run'</script>",
    "quotes": "\"double\" 'single' back\\slash\\",
    "sql": "'); DROP TABLE records_document; --",
    "zero width": "zero\u200bwidth\u200d\ufeff",
    "emoji": "🧾👩\u200d👩\u200d👧 é\u0301",
}

FORMULAS = {
    "plus": "+1+1",
    "minus": "-1+2",
    "at": "@SUM(A1)",
    "dde": "=cmd|' /C calc'!A0",
    "wide equals": "\uff1d1+1",
    "wide plus": "\uff0b1+1",
    "wide minus": "\uff0d1+2",
    "wide at": "\uff20SUM(A1)",
    "apostrophe": "'=1+1",
}

LONG = {"long": "W" * 200, "long formula": "=" + "W" * 199}

CONTROLS = {
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "line feed": "\n=1+1",
    "header": "a\r\nBcc: x@y.example\r\n\r\nbody",
    "bidi": "abc\u202egnp.exe\u2066",
    "terminal": "\x1b[31mred\x07",
}
"""What one line never holds: a column of one line refuses it or keeps it without."""

PAYLOADS = {**SHORT, **FORMULAS, **LONG, **CONTROLS}

EVERY = "\n".join(PAYLOADS.values())


def hostile(most: int = 10_000) -> str:
    """As many of the short payloads on one line as fit in so many letters, a formula first."""
    text = ""
    for each in SHORT.values():
        longer = f"{text} {each}".strip()
        if len(longer) <= most:
            text = longer
    return text
