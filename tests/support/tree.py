"""A page, or the HTML of a message, as the tree that browsers make of it (HTML Standard, 13.2), asked by CSS."""

from selectolax.lexbor import LexborHTMLParser, LexborNode

# Nobody reads the text in these.
UNREAD = "script, style"


def parsed(html: str) -> "Element":
    """The root of a document."""
    root = LexborHTMLParser(html).root
    assert root is not None
    return Element(root)


class Element:
    """An element: its attributes, its text, and what is in it."""

    __slots__ = ("_node",)

    def __init__(self, node: LexborNode) -> None:
        self._node = node

    @property
    def name(self) -> str:
        return str(self._node.tag)

    @property
    def attributes(self) -> dict[str, str]:
        return {name: value or "" for name, value in self._node.attributes.items()}

    def __getitem__(self, name: str) -> str:
        return self._node.attributes[name] or ""

    def __setitem__(self, name: str, value: str) -> None:
        self._node.attrs[name] = value

    def get(self, name: str, default: str | None = None) -> str | None:
        """An attribute; "" if it has no value."""
        return self[name] if self.has_attr(name) else default

    def has_attr(self, name: str) -> bool:
        return name in self._node.attributes

    def select(self, css: str) -> list["Element"]:
        """Every element in this one that the selector finds, once."""
        found = {node.mem_id: Element(node) for node in self._node.css(css)}
        found.pop(self._node.mem_id, None)
        return list(found.values())

    def select_one(self, css: str) -> "Element | None":
        """The first element in this one that the selector finds."""
        return next(iter(self.select(css)), None)

    @property
    def parent(self) -> "Element":
        assert self._node.parent is not None
        return Element(self._node.parent)

    def is_in(self, css: str) -> bool:
        """Whether an element around this one is what the selector says."""
        around = self._node.parent
        while around is not None and around.is_element_node and not around.css_matches(css):
            around = around.parent
        return around is not None and around.is_element_node

    @property
    def text(self) -> str:
        """All that can be read in it, as it was written."""
        return self.get_text()

    def get_text(self, separator: str = "", *, strip: bool = False) -> str:
        """All that can be read in it, piece by piece with `separator` between; `strip` leaves out the
        space around each, and those that are nothing else."""
        node = self._node
        if self.select_one(UNREAD):
            node = node.clone()
            for unread in node.css(UNREAD):
                unread.decompose()
        if not strip:
            return node.text(separator=separator)
        pieces = map(str.strip, node.text(separator="\0").split("\0"))
        return separator.join(piece for piece in pieces if piece)

    def remove(self) -> None:
        """Take it out of its page."""
        self._node.decompose()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Element) and self._node.mem_id == other._node.mem_id

    def __hash__(self) -> int:
        return self._node.mem_id

    def __str__(self) -> str:
        return self._node.html or ""
