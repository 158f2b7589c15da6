"""HTML to PDF, by a Chromium that is on the machine: what is seen there is what is printed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..errors import ExportError, SettingsError

BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "brave-browser"),
)
FLAGS = (
    *("--headless", "--disable-gpu", "--no-pdf-header-footer", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-quic"),
)
SECONDS = 120


def browser() -> str:
    """The browser that prints. Raises SettingsError where there is none, with what to do."""
    found = next((place for name in BROWSERS if (place := shutil.which(name))), None)
    if found is None:
        raise SettingsError(
            "a PDF is printed by Chromium, and there is none on this machine (no chromium, google-chrome or "
            "microsoft-edge on the PATH): install one, or write --html FILE and print that from any browser"
        )
    return found


def pdf_of(html: str) -> bytes:
    """The document as PDF. Raises SettingsError without a browser, ExportError where it fails."""
    program = browser()
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="tiebreak-") as kept:
        page, made = Path(kept) / "report.html", Path(kept) / "report.pdf"
        page.write_text(html, encoding="utf-8")
        told = [f"--user-data-dir={kept}/profile", f"--print-to-pdf={made}", page.as_uri()]
        command = [program, *FLAGS, *root, *told]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ExportError(f"{program} did not print the report: {type(error).__name__}") from error
        if not made.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise ExportError(f"{program} did not print the report: {said[-1][:300] if said else 'it said nothing'}")
        return made.read_bytes()
