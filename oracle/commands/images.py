"""`oracle images`: bring the site's own pictures to the store, and see what it has."""

from __future__ import annotations

import json
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oracle.commands.running import EPILOG, Exit, finish, read_settings
from oracle.domain.errors import InvalidImage, SettingsError
from oracle.domain.images import find_image_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from oracle.domain.images import ImageKey
    from oracle.services.add_image import ImageDependencies
    from oracle.settings import Settings


@click.group(epilog=EPILOG)
def images() -> None:
    """Keep the pictures of the website."""


@images.command(epilog=EPILOG)
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def upload(folder: Path | None) -> None:
    """Bring the pictures below FOLDER to the bucket (default: ORACLE_IMAGE_FOLDER).

    Each is stored under its name and the hash of its content, so that the command may be repeated:
    what is there already stays, and what has changed stands beside what was before. Drawings (SVG)
    of this folder are trusted.
    """
    from oracle.services.add_image import add_own_image  # noqa: PLC0415

    settings = read_settings()

    async def work() -> Exit:
        _require_bucket(settings)
        root = Path(settings.image_folder) if folder is None else folder
        added = known = refused = 0
        async with _open_store(settings) as deps:
            for key, path in list_pictures(root):
                try:
                    stored = await add_own_image(deps, key, path.read_bytes())
                except InvalidImage as error:
                    refused += 1
                    click.echo(f"{key.text}: {error}", err=True)
                    continue
                added, known = added + stored.is_new, known + (not stored.is_new)
                click.echo(f"{'added' if stored.is_new else 'known'}  {stored.key.text}")
        click.echo(f"{added} added, {known} known, {refused} refused.", err=True)
        return Exit.BAD_INPUT if refused or not added + known else Exit.OK

    sys.exit(finish(work()))


@images.command("list", epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def list_all(*, as_json: bool) -> None:
    """List the pictures that the store has, in the order of their keys."""
    from oracle.services.add_image import list_images  # noqa: PLC0415

    settings = read_settings()

    async def work() -> None:
        async with _open_store(settings) as deps:
            after: str | None = ""
            while after is not None:
                page = await list_images(deps, after, limit=1000)
                after = page.next_after
                for image in page.images:
                    fields = {
                        "key": image.key.text,
                        "bytes": image.size,
                        "type": image.key.media_type,
                        "modified": image.modified.isoformat(),
                    }
                    line = f"{image.size:>10,}  {image.modified:%Y-%m-%d %H:%M}  {image.key.text}"
                    click.echo(json.dumps(fields) if as_json else line)

    finish(work())


def list_pictures(root: Path) -> Iterator[tuple[ImageKey, Path]]:
    """Yield the key and the file of every picture below the folder, in the order of the keys."""
    for path in sorted(root.rglob("*")):
        key = find_image_key(path.relative_to(root).as_posix())
        if key is not None and path.is_file():
            yield key, path


def _require_bucket(settings: Settings) -> None:
    if not settings.image_bucket:
        raise SettingsError(
            "ORACLE_IMAGE_BUCKET is not set, so there is nowhere to upload to.",
            hint="Without a bucket the pictures are served from ORACLE_IMAGE_FOLDER as they are.",
        )


@asynccontextmanager
async def _open_store(settings: Settings) -> AsyncIterator[ImageDependencies]:
    """Yield the store of pictures alone: neither the database nor the market is needed."""
    from oracle.adapters.images.choice import choose_images  # noqa: PLC0415
    from oracle.adapters.images.inspection import PillowInspector  # noqa: PLC0415
    from oracle.services.add_image import ImageDependencies  # noqa: PLC0415

    store = choose_images(settings)
    try:
        yield ImageDependencies(settings, store, PillowInspector())
    finally:
        await store.aclose()
