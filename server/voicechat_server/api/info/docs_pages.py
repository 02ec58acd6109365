"""The pages `/docs` and `/redoc`, which work offline and under any path of a proxy.

Their links are relative: a page requests its files from where it was found itself.
"""

from fastapi import APIRouter
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.responses import HTMLResponse

OPENAPI = "openapi.json"
STATIC = "static-offline-docs"
_FAVICON = f"{STATIC}/favicon.png"

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def swagger() -> HTMLResponse:
    """Every call, to read and to try."""
    return get_swagger_ui_html(
        openapi_url=OPENAPI,
        title="voicechat",
        swagger_js_url=f"{STATIC}/swagger-ui-bundle.js",
        swagger_css_url=f"{STATIC}/swagger-ui.css",
        swagger_favicon_url=_FAVICON,
    )


@router.get("/redoc")
async def redoc() -> HTMLResponse:
    """Every call, to read."""
    return get_redoc_html(
        openapi_url=OPENAPI,
        title="voicechat",
        redoc_js_url=f"{STATIC}/redoc.standalone.js",
        redoc_favicon_url=_FAVICON,
        with_google_fonts=False,
    )
