"""Pieces of HTML. Text of others becomes text: `text` escapes it, and no other function puts it into a page."""

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence

from bsfit.errors import printable

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
  max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
h2 { border-top: 1px solid #ccc; padding-top: 1rem; margin-top: 2.5rem; }
nav li, p, li, dd, summary { overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid #ddd; white-space: nowrap; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible { outline: 2px solid #0072b2; }
th[aria-sort=ascending] button::after { content: " \\2191"; }
th[aria-sort=descending] button::after { content: " \\2193"; }
pre { overflow-x: auto; background: #f6f6f6; padding: .75rem; font-size: .85rem; }
img { max-width: 100%; height: auto; display: block; margin: 1rem 0; }
.doubt { border-left: .3rem solid #d55e00; background: #fdf1ea; padding: .5rem .75rem; }
.note { border-left: .3rem solid #0072b2; background: #eef5fa; padding: .5rem .75rem; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .2rem 1rem; }
dt { color: #555; } dd { margin: 0; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
@media print { details:not([open]) { display: none; } }
"""

# Cells sort as numbers where both begin with one, else as text; a second click turns the order round.
SCRIPT = """
document.querySelectorAll("th button").forEach(function (button) {
  button.addEventListener("click", function () {
    var head = button.parentNode, table = head.closest("table"), body = table.tBodies[0];
    var at = Array.prototype.indexOf.call(head.parentNode.children, head);
    var down = head.getAttribute("aria-sort") === "ascending";
    function value(row) { return row.cells[at].textContent.replace(/^[\\[(]/, ""); }
    var rows = Array.prototype.slice.call(body.rows).sort(function (a, b) {
      var x = parseFloat(value(a)), y = parseFloat(value(b));
      return isNaN(x) || isNaN(y) ? value(a).localeCompare(value(b)) : x - y;
    });
    if (down) rows.reverse();
    rows.forEach(function (row) { body.appendChild(row); });
    table.querySelectorAll("th").forEach(function (th) { th.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
  });
});
"""


def text(value: object) -> str:
    """Escaped, without control characters."""
    return html.escape("\n".join(map(printable, str(value).split("\n"))))


def element(tag: str, inside: str, of_class: str = "") -> str:
    """An element around what is HTML already."""
    return f'<{tag} class="{of_class}">{inside}</{tag}>' if of_class else f"<{tag}>{inside}</{tag}>"


def paragraph(words: object, of_class: str = "") -> str:
    """One paragraph of text."""
    return element("p", text(words), of_class)


def listed(lines: Iterable[object]) -> str:
    """A list of texts; nothing of none."""
    items = "".join(element("li", text(line)) for line in lines)
    return element("ul", items) if items else ""


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table whose columns sort; it scrolls by itself where it is wider than the page."""
    head = "".join(f'<th scope="col"><button type="button">{text(cell)}</button></th>' for cell in header)
    body = "".join(element("tr", "".join(element("td", text(cell)) for cell in row)) for row in rows)
    return element("div", f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", "wide")


def facts(pairs: Iterable[tuple[object, object]]) -> str:
    """Names with what belongs to them."""
    return element("dl", "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs))


def folded(summary: object, inside: str) -> str:
    """What is shown on demand."""
    return f"<details><summary>{text(summary)}</summary>{inside}</details>"


def preformatted(words: object) -> str:
    """Text as it is printed."""
    return element("pre", text(words)) if str(words).strip() else ""


def picture(svg: bytes, alternative: str) -> str:
    """An SVG inside of the page, where it can neither run anything nor load anything."""
    return f'<img alt="{text(alternative)}" src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}">'


def page(title: str, inside: str) -> str:
    """The document. Its policy lets no other script run and nothing be loaded."""
    allowed = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'"
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{STYLE}</style>"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{inside}<script>{SCRIPT}</script></body></html>\n'
    )
