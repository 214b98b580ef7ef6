"""Control a headless Chromium over its debugging pipe, and find out how it parses a page without scripting.

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
# Move the pipes to descriptors 3 and 4, and execute the browser. The second pipe is never 3: it was opened fourth.
_START: Final = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)

# Extract from the browser's tree what a crawler looks for. An element of the page's own document resolves
# each URL, so that queries are in the encoding of the page.
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
    """A page as the browser parses it; `text` follows `<plaintext>`, or is all text; `refresh` is "" for none."""

    urls: list[str]
    base: str
    title: str
    encoding: str
    text: str
    refresh: str


def installed() -> str | None:
    """Return the path of a Chromium on this machine; None if there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Chromium:
    """A browser with one tab, without scripting, and with an empty profile that is removed at the end."""

    def __init__(self) -> None:
        program = installed()
        assert program is not None, "there is no chromium here"
        self._profile = tempfile.mkdtemp(prefix="gossamer-chromium-")
        to_read, self._to_browser = os.pipe()
        self._from_browser, to_write = os.pipe()
        # A process group of its own, so that all its processes can be ended.
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
        """End all processes of the browser, and remove its profile."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._to_browser)
        os.close(self._from_browser)
        shutil.rmtree(self._profile, ignore_errors=True)

    @property
    def version(self) -> str:
        """Return the product and its version."""
        return str(self._ask("Browser.getVersion")["product"])

    def read(self, url: str) -> Reading:
        """Load a page, and return it as the browser parses it."""
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
        """Return the next message; store it too if it is an event."""
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
