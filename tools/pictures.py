"""Renders each SVG in web/pictures/ as PNG, for messaging services, which take no SVG: `make pictures`."""

import shutil
import sys
import xml.etree.ElementTree as ElementTree

from trialguide.content.files import ROOT

PICTURES = ROOT / "web" / "pictures"
# Microsoft Teams takes pictures of at most 1024 x 1024 pixels.
LARGEST = 1024


def main() -> int:
    """Renders the pictures; 1 when there is no browser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("There is no Chromium to draw with. Install it: apt-get install chromium", file=sys.stderr)
        return 1
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for file in sorted(PICTURES.glob("*.svg")):
            view = ElementTree.parse(file).getroot().attrib["viewBox"].split()  # noqa: S314
            width, height = (round(float(side)) for side in view[2:])
            scale = (LARGEST - 1) / max(width, height)
            context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale)
            page = context.new_page()
            page.goto(file.as_uri())
            page.screenshot(path=file.with_suffix(".png"), omit_background=True)
            context.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
