"""Drive a real, headless Chromium over its debugging pipe, and ask it how it reads a page with scripting off.

Messages of the DevTools protocol are JSON, each ended by a zero byte, on descriptors 3 (to the browser) and 4 (from
it): no port is open and no client library is needed.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self

FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-extensions",
    "--disable-dev-shm-usage", "--metrics-recording-only", "--no-proxy-server", "--lang=en-US",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE: Final = 30.0
# Put the pipes where the browser looks for them, and become the browser. The second is never 3: it was opened fourth.
_START: Final = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)

# What a crawler looks for, asked of the tree that the browser built. An element of the page's own document resolves
# each URL, so that queries are encoded as the page's encoding wants.
QUESTION: Final = r"""
(() => {
  const HTML = "http://www.w3.org/1999/xhtml", SVG = "http://www.w3.org/2000/svg";
  const probe = document.createElement("a");
  const space = /^[\t\n\f\r ]+|[\t\n\f\r ]+$/g;
  const found = new Set();
  const note = (written) => {
    if (written === null) return;
    probe.setAttribute("href", written);
    found.add(probe.href);
  };
  for (const element of document.querySelectorAll("a, area, iframe, frame, link")) {
    const name = element.localName, html = element.namespaceURI === HTML;
    if (name === "a" && element.namespaceURI === SVG) {
      const plain = element.getAttribute("href");
      note(plain === null ? element.getAttributeNS("http://www.w3.org/1999/xlink", "href") : plain);
    } else if (html && (name === "a" || name === "area")) {
      note(element.getAttribute("href"));
    } else if (html && (name === "iframe" || name === "frame")) {
      if (!element.hasAttribute("srcdoc")) note(element.getAttribute("src"));
    } else if (html && name === "link") {
      const kinds = (element.getAttribute("rel") || "").toLowerCase().split(/[\t\n\f\r ]+/);
      const type = (element.getAttribute("type") || "").split(";")[0].replace(space, "").toLowerCase();
      if (!kinds.includes("stylesheet") && ["", "text/html", "application/xhtml+xml"].includes(type)
          && kinds.some((kind) => ["next", "prev", "previous", "alternate", "canonical"].includes(kind)))
        note(element.getAttribute("href"));
    }
  }
  const plain = document.querySelector("plaintext");
  return {urls: [...found].sort(), base: document.baseURI, title: document.title, encoding: document.characterSet,
          text: (plain || document.documentElement).textContent};
})()
"""


class Reading(NamedTuple):
    """How the browser reads a page; `text` is what follows `<plaintext>`, or else all text; `refresh` "" for none."""

    urls: list[str]
    base: str
    title: str
    encoding: str
    text: str
    refresh: str


def installed() -> str | None:
    """Find a Chromium on this machine."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Chromium:
    """A browser with one tab, scripting off, and an empty profile of its own that is thrown away at the end."""

    def __init__(self) -> None:
        program = installed()
        assert program is not None, "there is no chromium here"
        self._profile = tempfile.mkdtemp(prefix="gossamer-chromium-")
        to_read, self._to_browser = os.pipe()
        self._from_browser, to_write = os.pipe()
        # A group of its own, to end all its processes.
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, str(to_read), str(to_write), program, *FLAGS,
             f"--user-data-dir={self._profile}", "about:blank"],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._number = 0
        self._session = ""
        self._read = bytearray()
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        try:
            [tab] = [one for one in self._ask("Target.getTargets")["targetInfos"] if one["type"] == "page"]
            self._session = self._ask("Target.attachToTarget", targetId=tab["targetId"], flatten=True)["sessionId"]
            self._ask("Page.enable")
            self._ask("Emulation.setScriptExecutionDisabled", value=True)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser with all its processes, and its profile."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._to_browser)
        os.close(self._from_browser)
        shutil.rmtree(self._profile, ignore_errors=True)

    @property
    def version(self) -> str:
        """Name the product and its version."""
        return str(self._ask("Browser.getVersion")["product"])

    def read(self, url: str) -> Reading:
        """Load a page and tell how the browser reads it."""
        self._events.clear()
        answer = self._ask("Page.navigate", url=url)
        assert "errorText" not in answer, f"{url}: {answer['errorText']}"
        self._wait_for("Page.domContentEventFired")
        said = self._ask("Runtime.evaluate", expression=QUESTION, returnByValue=True)
        assert "exceptionDetails" not in said, said
        refresh = [
            event["params"]["url"]
            for event in self._events
            if event["method"] == "Page.frameScheduledNavigation" and event["params"]["frameId"] == answer["frameId"]
        ]
        return Reading(**said["result"]["value"], refresh=refresh[0] if refresh else "")

    # ------------------------------------------------------------ the protocol

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            heard = self._hear(deadline)
            if heard.get("id") == self._number:
                assert "error" not in heard, f"{method}: {heard['error']}"
                return dict(heard["result"])

    def _wait_for(self, method: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not any(event["method"] == method for event in self._events):
            self._hear(deadline)

    def _hear(self, deadline: float) -> Mapping[str, Any]:
        """Take the next message; events are kept."""
        while (end := self._read.find(b"\0")) < 0:
            ready, _, _ = select.select([self._from_browser], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._from_browser, 1 << 20) if ready else b""
            assert piece, "the browser is gone" if ready else "the browser does not answer"
            self._read += piece
        message: dict[str, Any] = json.loads(self._read[:end])
        del self._read[: end + 1]
        if "method" in message:
            self._events.append(message)
        return message
