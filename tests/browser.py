"""Opens a page in a headless Chromium that is installed, and remembers what it said and what it asked for."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Width in CSS pixels and the colour scheme that the reader prefers.
LOOKS = {"light": (1280, "light"), "dark": (1280, "dark"), "phone": (375, "light"), "phone-dark": (375, "dark")}
CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const seen = (...colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || element.closest("title") || !element.checkVisibility()) continue;
    const grounds = [];
    for (let e = element; e; e = e.parentElement) grounds.unshift(getComputedStyle(e).backgroundColor);
    const style = getComputedStyle(element), ink = element.closest("svg") ? style.fill : style.color;
    const [high, low] = [luminance(seen(...grounds)), luminance(seen(...grounds, ink))].sort((a, b) => b - a);
    found.push([(high + 0.05) / (low + 0.05), text]);
  }
  return found.sort((a, b) => a[0] - b[0]).slice(0, 5);
}"""


@dataclass
class Visit:
    """An opened page; `requests` are those beside the page itself."""

    page: object
    messages: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What a reader sees, folded parts left out."""
        return self.page.inner_text("body")

    def unfold(self) -> None:
        """Open every folded part."""
        self.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")

    def overflow(self) -> int:
        """CSS pixels by which the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def lowest_contrasts(self) -> list[tuple[float, str]]:
        """The visible texts that stand out least from their ground, by WCAG's ratio (4.5 is enough for any text)."""
        return [(ratio, text) for ratio, text in self.page.evaluate(CONTRASTS)]

    def screenshot(self, path: Path) -> Path:
        """The whole page as a PNG."""
        self.page.screenshot(path=path, full_page=True)
        return path


class Browser:
    """Chromium; every visit has a context of its own."""

    def __init__(self, chromium):
        self._chromium = chromium
        self._contexts = []

    def open(self, file: Path, look: str = "light") -> Visit:
        """The file as a reader with this look has it, once it is loaded."""
        width, scheme = LOOKS[look]
        context = self._chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self._contexts.append(context)
        visit, address = Visit(context.new_page()), file.absolute().as_uri()
        visit.page.on("console", lambda message: visit.messages.append(f"{message.type}: {message.text}"))
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        visit.page.on("request", lambda request: request.url == address or visit.requests.append(request.url))
        visit.page.goto(address, wait_until="load")
        return visit

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a test module: it occupies the thread's event loop as long as it runs."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(PROGRAMS)} is on the PATH")
    from playwright.sync_api import sync_playwright

    # Chromium's own sandbox refuses to run as root, as in a container.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        opened = Browser(chromium)
        yield opened
        opened.close()
        chromium.close()
