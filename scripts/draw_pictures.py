"""Draws the pictures that must be pixels, from the site's own drawings, in a real browser.

    python -m scripts.draw_pictures

writes `static/social.png` (what other sites show of a link to this one) and the icons of
`static/site.webmanifest`. It is run again when the drawings change; its results are committed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).resolve().parent.parent / "static"
ICONS = {"icon-180.png": 180, "icon-192.png": 192, "icon-512.png": 512}
SOCIAL = """
<body style="margin:0;width:1200px;height:630px;background:#fbfbfc;color:#14161c;
  font-family:system-ui,sans-serif;display:flex;flex-direction:column;justify-content:center;
  padding:0 72px;box-sizing:border-box">
  <div style="display:flex;align-items:center;gap:24px;font-size:56px;font-weight:700">
    {icon}Oracle</div>
  <div style="margin:28px 0 36px;font-size:44px;color:#555b68">
    The next closing price, and how sure it is</div>
  {hero}
</body>
"""


def main() -> None:
    """Write every picture."""
    icon = (STATIC / "icon.svg").read_text(encoding="utf-8")
    hero = (STATIC / "images" / "hero.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless=new", "--no-sandbox"]
        )
        for name, size in ICONS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(
                f"<style>body{{margin:0}}svg{{display:block;width:{size}px;height:{size}px}}</style>{icon}"
            )
            page.screenshot(path=STATIC / name, omit_background=True)
        page = browser.new_page(viewport={"width": 1200, "height": 630}, color_scheme="light")
        sized = icon.replace("<svg ", '<svg width="80" height="80" ', 1)
        large = hero.replace('width="640" height="180"', 'width="1056" height="297"')
        page.set_content(SOCIAL.format(icon=sized, hero=large))
        page.screenshot(path=STATIC / "social.png")
        browser.close()


if __name__ == "__main__":
    main()
