"""A headless Chromium, driven through chromedriver by plain WebDriver requests."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
KEYS = {"ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015"}
KEYS |= {"Home": "\ue011", "End": "\ue010", "Tab": "\ue004", "Enter": "\ue007"}
STARTED = re.compile(r"started successfully on port (\d+)")


class UnavailableError(Exception):
    """This machine has no browser to drive; the message says what is missing."""


class Browser:
    """One window; the page's address, its script's results, keys, sizes, pictures."""

    def __init__(self, session: str) -> None:
        """Drive the session at this address."""
        self._session = session

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 -- JSON
        return ask(method, self._session + path, body)

    def open(self, address: str) -> None:
        """Load a page; when this returns it is loaded."""
        self._ask("POST", "/url", {"url": "about:blank"})
        self._ask("POST", "/url", {"url": address})

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 -- JSON
        """Run a function's body in the page, and give what it returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def comes_to(self, wanted: object, script: str) -> bool:
        """Run a function's body until it gives what is wanted; False if it has not after ten seconds.

        For what a link or the history brings about: the page hears of its new address in a task of its own.
        """
        last = time.monotonic() + 10
        while self.run(script) != wanted:
            if time.monotonic() > last:
                return False
        return True

    def wait_for(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 -- JSON
        """Run a function's body that calls its last argument with the result."""
        return self._ask("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def press(self, *keys: str) -> None:
        """Press keys one after another, by name or by the letter itself."""
        ups = ({"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp"))
        actions = {"type": "key", "id": "keys", "actions": list(ups)}
        self._ask("POST", "/actions", {"actions": [actions]})

    def click(self, selector: str) -> None:
        """Click the element that a CSS selector finds first."""
        found = self._ask("POST", "/element", {"using": "css selector", "value": selector})
        [element] = found.values()
        self._ask("POST", f"/element/{element}/click", {})

    def back(self) -> None:
        """Go back in the window's history."""
        self._ask("POST", "/back", {})

    def forward(self) -> None:
        """Go forward again."""
        self._ask("POST", "/forward", {})

    def emulate(self, method: str, **values: object) -> Any:  # noqa: ANN401 -- JSON
        """Send a command of the DevTools protocol."""
        return self._ask("POST", "/goog/cdp/execute", {"cmd": method, "params": values})

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """Show the page on a screen of that many pixels, in the light or the dark scheme."""
        self.emulate(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.emulate("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self) -> bytes:
        """Return the window as PNG."""
        return base64.b64decode(self._ask("GET", "/screenshot"))

    def paper(self) -> bytes:
        """Return the page on A4 as PDF."""
        page = {"page": {"width": 21.0, "height": 29.7}, "background": True}
        return base64.b64decode(self._ask("POST", "/print", page))

    def complaints(self) -> list[str]:
        """Return what the console has said since it was asked last."""
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]


def ask(method: str, address: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 -- JSON
    """Send a WebDriver request; AssertionError with the driver's words if it refuses."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    try:
        with _LOCAL.open(request, timeout=60) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise AssertionError(json.load(error)["value"]["message"]) from None


_LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start a browser with a new profile; UnavailableError if Chromium or chromedriver is not installed."""
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    missing = [name for name, path in programs.items() if path is None]
    if missing:
        raise UnavailableError(f"not installed: {' and '.join(missing)}")
    options = {"args": [*SWITCHES, f"--user-data-dir={profile}"], "binary": programs["chromium"]}
    wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
    with _driver(str(programs["chromedriver"])) as address:
        made = ask("POST", f"{address}/session", {"capabilities": {"alwaysMatch": wanted}})
        session = f"{address}/session/{made['sessionId']}"
        try:
            yield Browser(session)
        finally:
            ask("DELETE", session)


@contextmanager
def _driver(program: str) -> Iterator[str]:
    with subprocess.Popen(
        [program, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as driver:
        try:
            yield f"http://127.0.0.1:{_port(driver.stdout)}"
        finally:
            driver.terminate()


def _port(printed: IO[str] | None) -> str:
    said = []
    for line in printed or ():
        found = STARTED.search(line)
        if found:
            return found[1]
        said.append(line)
    raise UnavailableError(f"chromedriver does not start: {''.join(said).strip()}")
