"""The admin's pages: signing in, adding a picture, and being nowhere without a password."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import pytest
from quart.datastructures import FileStorage

from oracle.domain.errors import ImagesUnavailable, InvalidImage
from oracle.domain.images import ImagePage, ListedImage, require_image_key
from oracle.services.add_image import AddedImage
from oracle.services.admin_access import hash_password
from tests.web.conftest import BASE_URL
from tests.web.scenes import PASSWORD, PICTURED, SESSION, UPLOADED

if TYPE_CHECKING:
    from quart import Response
    from quart.typing import TestClientProtocol

    from tests.web.conftest import BuildApp
    from tests.web.scenes import Scene

PICTURE = b"\x89PNG made up"
HASH = hash_password(PASSWORD)
LIMIT = 100_000
ADMIN = "/admin/images"
COOKIE = {"Cookie": f"__Host-oracle-admin={SESSION}"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def client(build_app: BuildApp) -> TestClientProtocol:
    """A client of a site with an admin, which forgets cookies."""
    app = build_app(admin_password_hash=HASH, image_max_bytes=LIMIT)
    return app.test_client(use_cookies=False)


async def upload(client: TestClientProtocol, content: bytes = PICTURE, **headers: str) -> Response:
    """Send a picture as the form does."""
    return await client.post(
        ADMIN,
        headers={**COOKIE, **headers},
        form={"name": "hero"},
        files={"picture": FileStorage(BytesIO(content), filename="My hero.png")},
    )


async def text_of(response: Response) -> str:
    """Return the page."""
    text: str = await response.get_data(as_text=True)
    return text


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", [ADMIN, "/admin", "/admin/sign-in", "/admin/sign-out"])
async def test_without_a_password_there_is_nothing(
    build_app: BuildApp, method: str, path: str
) -> None:
    """No address gives away that such pages exist: each is answered like any unknown one."""
    client = build_app().test_client()
    ask = cast("Any", client.open)
    response = await ask(path, method=method)
    unknown = await ask("/nowhere/at-all", method=method)
    assert response.status_code == unknown.status_code == 404
    assert dict(response.headers).keys() == dict(unknown.headers).keys()


async def test_who_has_not_signed_in_is_asked_to(client: TestClientProtocol) -> None:
    """The page is a form for the password and says nothing of any picture."""
    response = await client.get(ADMIN)
    page = await text_of(response)
    assert response.status_code == 200
    assert 'type="password"' in page
    assert 'autocomplete="current-password"' in page
    assert "/images/" not in page.replace('"/admin/images"', "")


async def test_the_right_password_begins_a_session(client: TestClientProtocol) -> None:
    """The cookie is out of reach of scripts, of other sites and of plain HTTP, for eight hours."""
    response = await client.post("/admin/sign-in", form={"password": PASSWORD})
    assert response.status_code == 303
    assert response.headers["Location"] == ADMIN
    name, _, rest = response.headers["Set-Cookie"].partition("=")
    assert name == "__Host-oracle-admin"
    parts = {part.strip() for part in rest.split(";")}
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=28800"} <= parts
    assert not any(part.startswith("Domain") for part in parts)


async def test_plain_http_at_home_has_a_plain_cookie(build_app: BuildApp) -> None:
    """Without TLS browsers would not take the protected name."""
    app = build_app(admin_password_hash=HASH, base_url="http://127.0.0.1:8000")
    response = await app.test_client().post("/admin/sign-in", form={"password": PASSWORD})
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("oracle-admin=")
    assert "Secure" not in cookie


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD.upper(), "x" * 5000])
async def test_a_wrong_password_begins_nothing(client: TestClientProtocol, password: str) -> None:
    """The form comes back with a sentence, without the password and without a cookie."""
    response = await client.post("/admin/sign-in", form={"password": password})
    page = await text_of(response)
    assert response.status_code == 403
    assert "That is not the password." in page
    assert 'aria-invalid="true"' in page
    assert "Set-Cookie" not in response.headers
    assert "xxxx" not in page


async def test_guesses_of_one_client_are_limited(client: TestClientProtocol) -> None:
    """After five in a minute further ones are not even looked at."""
    statuses = [
        (await client.post("/admin/sign-in", form={"password": "wrong"})).status_code
        for _ in range(6)
    ]
    assert statuses == [403] * 5 + [429]


async def test_guesses_of_all_together_are_limited(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Who has many addresses guesses no faster, and the right password has to wait as well."""
    responses = [
        await client.post(
            "/admin/sign-in",
            form={"password": PASSWORD},
            scope_base={"client": (f"203.0.113.{number}", 1)},
        )
        for number in range(21)
    ]
    assert [response.status_code for response in responses] == [303] * 20 + [429]
    assert int(responses[-1].headers["Retry-After"]) >= 1
    assert scene.asked.count("sign in") == 20


async def test_signing_out_takes_the_cookie_back(client: TestClientProtocol) -> None:
    """A button does it; a link that another page could embed does not."""
    response = await client.post("/admin/sign-out", headers=COOKIE)
    assert response.status_code == 303
    assert "Max-Age=0" in response.headers["Set-Cookie"]
    assert response.headers["Set-Cookie"].startswith("__Host-oracle-admin=;")
    assert (await client.get("/admin/sign-out", headers=COOKIE)).status_code == 405


@pytest.mark.parametrize("path", [ADMIN, "/admin/sign-in", "/admin/sign-out"])
async def test_other_sites_do_nothing_in_the_admins_name(
    client: TestClientProtocol, scene: Scene, path: str
) -> None:
    """A request that another site's page makes is refused before it does anything."""
    headers = {**COOKIE, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    response = await client.post(path, headers=headers, form={"password": PASSWORD})
    assert response.status_code == 403
    assert "another site" in await text_of(response)
    assert scene.asked == []


@pytest.mark.parametrize("path", [ADMIN, "/admin/sign-in", "/admin/nothing", "/ADMIN/images"])
async def test_nothing_of_it_is_kept_or_found(client: TestClientProtocol, path: str) -> None:
    """No cache, no search engine and no list of pages has these addresses."""
    response = await client.get(path, headers=COOKIE)
    assert response.headers["Cache-Control"] == "no-store"
    assert "noindex" in response.headers["X-Robots-Tag"]
    for listing in ("/robots.txt", "/sitemap.xml"):
        assert "admin" not in await text_of(await client.get(listing))


async def test_a_picture_is_added_and_shown(client: TestClientProtocol, scene: Scene) -> None:
    """The browser is led back to the list, so that loading it again adds nothing twice."""
    response = await upload(client)
    assert response.status_code == 303
    assert scene.asked == [(PICTURE, "My hero.png", "hero")]
    page = await text_of(await client.get(response.headers["Location"], headers=COOKIE))
    assert "Added: " in page
    assert f'href="/images/{UPLOADED.text}"' in page


async def test_a_picture_that_is_known_is_told(client: TestClientProtocol, scene: Scene) -> None:
    """The same picture once more is no error, and the page says where it is."""
    scene.upload = AddedImage(UPLOADED, is_new=False)
    response = await upload(client)
    page = await text_of(await client.get(response.headers["Location"], headers=COOKIE))
    assert "This picture was there already" in page
    assert UPLOADED.text in page


async def test_an_address_cannot_put_words_on_the_page(client: TestClientProtocol) -> None:
    """Only what can be a picture's key is shown as one that was added."""
    page = await text_of(await client.get(f"{ADMIN}?added=call+0900+now", headers=COOKIE))
    assert "0900" not in page
    assert "Added" not in page


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidImage("That is no picture that can be read."), 422),
        (ImagesUnavailable("The store of pictures did not answer in time."), 503),
    ],
)
async def test_what_cannot_be_added_is_explained(
    client: TestClientProtocol, scene: Scene, error: InvalidImage, status: int
) -> None:
    """The form comes back with the reason at its field, and with the name that was typed."""
    scene.upload = error
    response = await upload(client)
    page = await text_of(response)
    assert response.status_code == status
    assert f"{error} {error.hint}" in page
    assert "Nothing was added." in page
    assert 'value="hero"' in page
    assert ("Retry-After" in response.headers) is (status == 503)


async def test_a_form_without_a_file_is_explained(client: TestClientProtocol) -> None:
    """Whoever sends no picture is told so."""
    response = await client.post(ADMIN, headers={**COOKIE, **FORM}, data="name=hero")
    assert response.status_code == 422
    assert "No picture was chosen." in await text_of(response)


@pytest.mark.parametrize("more", [1, 2 * LIMIT])
async def test_a_picture_that_is_too_large_is_explained(
    client: TestClientProtocol, scene: Scene, more: int
) -> None:
    """It is read to its end without being kept, so that the sentence arrives."""
    response = await upload(client, b"x" * (LIMIT + more))
    assert response.status_code == 413
    page = await text_of(response)
    assert "A picture may have at most 0.1 MB." in page
    assert "Nothing was added." in page
    assert scene.asked == []


async def test_a_picture_of_the_largest_size_is_taken(
    client: TestClientProtocol, scene: Scene
) -> None:
    """The limit itself is allowed, to the byte."""
    assert (await upload(client, b"x" * LIMIT)).status_code == 303
    assert scene.asked == [(b"x" * LIMIT, "My hero.png", "hero")]


@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_flood_is_broken_off(
    client: TestClientProtocol,
    scene: Scene,
    is_announced: bool,  # noqa: FBT001
) -> None:
    """Far more than a picture is not read at all, whether it says its size or not."""
    body = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n'
    body += b"x" * (5 * LIMIT)
    headers = {**COOKIE, "Content-Type": "multipart/form-data; boundary=b"}
    if is_announced:
        headers["Content-Length"] = str(len(body))
    async with client.request(ADMIN, method="POST", headers=headers) as connection:
        for start in range(0, len(body), 10_000):
            await connection.send(body[start : start + 10_000])
        await connection.send_complete()
    assert (await connection.as_response()).status_code == 413
    assert scene.asked == []


async def test_only_the_admin_may_send_much(client: TestClientProtocol) -> None:
    """Everywhere else the limit of a form holds."""
    response = await client.post("/admin/sign-in", form={"password": "x" * 70_000})
    assert response.status_code == 413


async def test_who_is_signed_out_meanwhile_is_told(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Nothing is added without a session, and the page says what to do."""
    response = await upload(client, Cookie="__Host-oracle-admin=old")
    assert response.status_code == 403
    assert "Your session has ended." in await text_of(response)
    assert scene.asked == []


async def test_pictures_are_listed_page_by_page(client: TestClientProtocol, scene: Scene) -> None:
    """Each picture has its key, size and time, and the next page follows the last key."""
    keys = [require_image_key(f"uploads/p{number}.png") for number in (1, 2)]
    listed = tuple(ListedImage(key, 84_000, PICTURED) for key in keys)
    scene.listed = ImagePage(listed, keys[-1].text)
    page = await text_of(await client.get(ADMIN, headers=COOKIE))
    assert [f'src="/images/{key.text}"' in page for key in keys] == [True, True]
    assert "84.0 kB" in page
    assert 'href="/admin/images?after=uploads%2Fp2.png"' in page
    assert "Back to the first" not in page
    last = await text_of(await client.get(f"{ADMIN}?after=uploads/p2.png", headers=COOKIE))
    assert "There are no more pictures." in last
    assert "Back to the first" in last


async def test_an_empty_store_says_so(client: TestClientProtocol) -> None:
    """Before the first picture the page says what will be there."""
    assert "There is no picture yet." in await text_of(await client.get(ADMIN, headers=COOKIE))


async def test_a_store_that_is_down_leaves_the_form(
    client: TestClientProtocol, scene: Scene
) -> None:
    """The page says so, says when to come back, and still stands."""
    scene.images_fail = ImagesUnavailable("The store of pictures did not answer in time.")
    response = await client.get(ADMIN, headers=COOKIE)
    page = await text_of(response)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "The pictures cannot be listed." in page
    assert 'type="file"' in page


def test_the_scene_is_of_the_public_address() -> None:
    """The cookie's name in these tests is that of a site behind TLS."""
    assert BASE_URL.startswith("https://")
