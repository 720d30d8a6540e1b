"""Pictures: how long they may be kept, and from where pages may take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from oracle.app import ROOT
from oracle.domain.errors import ImagesUnavailable
from oracle.domain.images import fingerprint_of
from oracle.web.assets import read_assets
from oracle.web.rendering import build_templates
from tests.contract.image_store import KEY, PICTURE

if TYPE_CHECKING:
    from quart.typing import TestClientProtocol

    from tests.web.conftest import BuildApp
    from tests.web.scenes import Scene

NETWORK = "https://pictures.example"


async def test_a_picture_named_by_its_content_is_kept_for_good(
    client: TestClientProtocol, scene: Scene
) -> None:
    """A content network and browsers never have to ask again, and may show it on our pages."""
    scene.pictures[KEY] = PICTURE
    response = await client.get(f"/images/{KEY}")
    assert response.status_code == 200
    assert await response.get_data() == PICTURE
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]


async def test_a_picture_with_a_plain_name_is_asked_for_again(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Without the content's hash it may change: it is revalidated, and unchanged costs nothing."""
    scene.pictures["hero.png"] = PICTURE
    response = await client.get("/images/hero.png")
    assert response.headers["Cache-Control"] == "public, no-cache"
    again = await client.get(
        "/images/hero.png", headers={"If-None-Match": response.headers["ETag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["nothing.png", "app.css", "../app.css", "%2e%2e/app.css", "a.svg"]
)
async def test_what_is_no_picture_is_not_found(client: TestClientProtocol, path: str) -> None:
    """Nothing but stored pictures comes from this address."""
    assert (await client.get(f"/images/{path}")).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        (None, 200, PICTURE),
        ("bytes=0-3", 206, PICTURE[:4]),
        ("bytes=5-", 206, PICTURE[5:]),
        ("bytes=-2", 206, PICTURE[-2:]),
        ("bytes=3-999", 206, PICTURE[3:]),
        ("bytes=0-1,3-4", 200, PICTURE),
        ("lines=1-2", 200, PICTURE),
        ("bytes=nonsense", 200, PICTURE),
    ],
)
async def test_a_part_of_a_picture_is_sent(
    client: TestClientProtocol, scene: Scene, wanted: str | None, status: int, part: bytes
) -> None:
    """One range is a part; what is asked for otherwise is answered with the whole."""
    scene.pictures[KEY] = PICTURE
    headers = {} if wanted is None else {"Range": wanted}
    response = await client.get(f"/images/{KEY}", headers=headers)
    assert response.status_code == status
    assert await response.get_data() == part
    assert response.headers["Content-Length"] == str(len(part))
    assert response.headers["Accept-Ranges"] == "bytes"
    if status == 206:
        start = PICTURE.index(part)
        end = start + len(part) - 1
        assert response.headers["Content-Range"] == f"bytes {start}-{end}/{len(PICTURE)}"


async def test_a_part_beyond_the_end_is_refused(client: TestClientProtocol, scene: Scene) -> None:
    """There are no such bytes, and the answer says how many there are."""
    scene.pictures[KEY] = PICTURE
    response = await client.get(f"/images/{KEY}", headers={"Range": "bytes=999-"})
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(PICTURE)}"
    assert response.headers["Cache-Control"] == "no-store"


TAG = f'"{fingerprint_of(PICTURE)}"'
CHANGED = "Thu, 01 Dec 2022 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": TAG}, 304),
        ({"If-None-Match": f"W/{TAG}"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Modified-Since": CHANGED}, 304),
        ({"If-Modified-Since": "Thu, 01 Dec 2022 11:59:59 GMT"}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": CHANGED}, 200),
        ({"If-None-Match": TAG, "Range": "bytes=0-3"}, 304),
        ({"If-Range": TAG, "Range": "bytes=0-3"}, 206),
        ({"If-Range": CHANGED, "Range": "bytes=0-3"}, 206),
        ({"If-Range": '"other"', "Range": "bytes=0-3"}, 200),
    ],
)
async def test_what_is_known_is_not_sent_again(
    client: TestClientProtocol, scene: Scene, headers: dict[str, str], status: int
) -> None:
    """By tag or by date a known picture costs nothing, and a part fits what is there already."""
    scene.pictures[KEY] = PICTURE
    # What is known is not even read.
    scene.content_fails = ImagesUnavailable("Not now.") if status == 304 else None
    response = await client.get(f"/images/{KEY}", headers=headers)
    assert response.status_code == status
    assert response.headers["ETag"] == TAG
    assert response.headers["Last-Modified"] == CHANGED
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_a_head_says_all_and_reads_nothing(client: TestClientProtocol, scene: Scene) -> None:
    """The size and the tag are told without asking the store for the content."""
    scene.pictures[KEY] = PICTURE
    scene.content_fails = ImagesUnavailable("Not now.")
    # A finished response of the test client has its length counted anew.
    async with client.request(f"/images/{KEY}", method="HEAD") as connection:
        await connection.send_complete()
    answered = cast("Any", connection)
    assert answered.status_code == 200
    assert answered.headers["Content-Length"] == str(len(PICTURE))
    assert answered.headers["ETag"] == TAG


@pytest.mark.parametrize("fault", ["images_fail", "content_fails"])
async def test_a_store_that_fails_is_an_answer_for_later(
    client: TestClientProtocol, scene: Scene, fault: str
) -> None:
    """Whether it does not find or does not give: 503, when to come back, and nothing to cache."""
    scene.pictures[KEY] = PICTURE
    setattr(scene, fault, ImagesUnavailable("The store of pictures refuses (503 SlowDown)."))
    response = await client.get(f"/images/{KEY}")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_drawing_is_sent_whole(client: TestClientProtocol, scene: Scene) -> None:
    """Parts of what may come compressed would not fit together."""
    drawing = b"<svg>" + b" " * 4000 + b"</svg>"
    scene.pictures["hero.svg"] = drawing
    headers = {"Range": "bytes=0-3", "Accept-Encoding": "gzip"}
    response = await client.get("/images/hero.svg", headers=headers)
    assert response.status_code == 200
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Accept-Ranges"] == "none"
    assert response.headers["ETag"].startswith("W/")


async def test_pages_take_pictures_from_this_site_alone(client: TestClientProtocol) -> None:
    """Unless another origin is set, no page may load a picture from one."""
    policy = (await client.get("/")).headers["Content-Security-Policy"]
    assert "; img-src 'self' data:; " in policy
    assert "https:" not in policy


async def test_one_other_origin_may_hold_pictures(build_app: BuildApp) -> None:
    """The content network that is set is allowed for pictures and for nothing else."""
    client = build_app(image_base_url=NETWORK).test_client()
    policy = (await client.get("/")).headers["Content-Security-Policy"]
    assert f"; img-src 'self' data: {NETWORK}; " in policy
    assert policy.count(NETWORK) == 1


@pytest.mark.parametrize("base", ["", NETWORK])
def test_templates_name_pictures_where_they_are(base: str) -> None:
    """A picture's address follows the setting."""
    assets = read_assets(ROOT / "static")
    templates = build_templates(ROOT / "templates", assets, reload=False, image_base_url=base)
    address = templates.from_string("{{ image_url('hero.png') }}").render()
    assert address == f"{base}/images/hero.png"


async def test_a_drawing_can_do_nothing(client: TestClientProtocol, scene: Scene) -> None:
    """An SVG that is opened by itself runs no script and loads nothing."""
    scene.pictures["hero.svg"] = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    response = await client.get("/images/hero.svg")
    assert response.headers["Content-Type"] == "image/svg+xml"
    policy = response.headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@pytest.mark.parametrize("base", [None, NETWORK])
async def test_pages_show_the_pictures_that_there_are(
    build_app: BuildApp, scene: Scene, base: str | None
) -> None:
    """Hero and company come from the store, from where the setting says, in a reserved place."""
    scene.pictures |= {"hero.svg": b"<svg/>", "companies/aapl.svg": b"<svg/>"}
    client = build_app(image_base_url=base).test_client()
    for path, picture, size in (
        ("/", "hero.svg", 'width="640" height="180"'),
        ("/stocks/AAPL", "companies/aapl.svg", 'width="48" height="48"'),
    ):
        page = await (await client.get(path)).get_data(as_text=True)
        assert f'src="{base or ""}/images/{picture}" {size} alt=""' in page


async def test_a_company_without_a_picture_has_its_initials(client: TestClientProtocol) -> None:
    """Where the store has none the page draws a mark of the same size, which no reader hears."""
    page = await (await client.get("/stocks/AAPL")).get_data(as_text=True)
    mark = page.partition('<svg class="company"')[2].partition("</svg>")[0]
    assert 'width="48" height="48"' in mark
    assert 'aria-hidden="true"' in mark
    assert ">A</text>" in mark
    home = await (await client.get("/")).get_data(as_text=True)
    assert "/images/" not in home
