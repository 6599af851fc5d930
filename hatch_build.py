"""Metadata that follow from the public address: the links of the project, and those of README, which are absolute then.

Relative links lead nowhere on a page of a package index. Without an address they become plain text there.
"""

import re

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|#)([^)\s]+)\)")


def description(readme: str, address: str) -> str:
    """README for a package index: without marks of CI, relative links absolute, or text where there is no address."""

    def absolute(found: re.Match[str]) -> str:
        picture, text, path = found.groups()
        if address:
            return f"{picture}[{text}]({address}/{'raw' if picture else 'blob'}/main/{path})"
        return f"*{text}*" if picture else text

    return _LINK.sub(absolute, re.sub(r"^<!-- .* -->\n", "", readme, flags=re.MULTILINE))


def urls(address: str) -> dict[str, str]:
    """What a package index links to; nothing without an address."""
    if not address:
        return {}
    page = f"{address}/blob/main"
    return {
        "Source": address,
        "Issues": f"{address}/issues",
        "Documentation": f"{page}/docs/first-figure.md",
        "Changelog": f"{page}/CHANGELOG.md",
    }


class PublicAddress(MetadataHookInterface):
    """Called by hatchling for each build."""

    def update(self, metadata: dict) -> None:
        """Fill `readme` and `urls`."""
        address = self.config["address"].rstrip("/")
        with open(f"{self.root}/README.md", encoding="utf-8") as file:
            metadata["readme"] = {"content-type": "text/markdown", "text": description(file.read(), address)}
        metadata["urls"] = urls(address)
