"""What both doors show of a reseller's branding: its logo, and its colours as a style sheet."""

from django.http import Http404, HttpResponse

from clearbill.paper import logo as logos
from clearbill.queries.branding import DEFAULT_ACCENT, DEFAULT_COLOUR, Brand, logo_file
from clearbill.rules import colour
from clearbill.web.permissions import TenantRequest

LOGO_PLACE = (160, 36)
"""Greatest width and height of the logo in the portal's frame, in CSS pixels."""

# The surfaces of the design tokens that text in the brand's colour lies on.
_LIGHT = ("#ffffff", "#f6f7f9", "#eff2f6")
_DARK = ("#161d29", "#0f141d", "#1d2635")
_SOFT_LIGHT, _SOFT_DARK, _PALE = 0.1, 0.18, 0.28


def logo_answer(request: TenantRequest, sha256: str) -> HttpResponse:
    """The logo as a picture. What a hash names never changes, so a browser may keep it."""
    content = logo_file(request.reseller.pk, sha256)
    if content is None:
        raise Http404("no such logo")
    answer = HttpResponse(content, "image/png")
    answer["Cache-Control"] = "private, max-age=31536000, immutable"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def style_sheet(brand: Brand, logo: bytes | None, logo_address: str = "") -> str:
    """The design tokens in the brand's colours, and the logo in place of the name.

    `logo_address` is seen from the sheet; by default the logo is beside it by its hash.

    A colour that nobody chose leaves its tokens as they are. Text in the brand's colour is made
    as much darker, or lighter in the dark scheme, as reading it asks for.
    """
    tokens = {
        **(_main(brand.colour) if brand.colour != DEFAULT_COLOUR else {}),
        **(_bar(brand.accent_colour) if brand.accent_colour != DEFAULT_ACCENT else {}),
    }
    parts = []
    if tokens:
        rules = " ".join(f"{name}: {value};" for name, value in tokens.items())
        parts.append(f"@layer tokens {{ :root {{ {rules} }} }}")
    if logo is not None:
        address = logo_address or f"brand/{brand.logo}.png"
        parts.append(_logo(address, logos.fitted(logos.size(logo), LOGO_PLACE)))
    return "\n".join(parts) + "\n"


def _main(chosen: str) -> dict[str, str]:
    soft_light = colour.tint(chosen, _LIGHT[0], _SOFT_LIGHT)
    soft_dark = colour.tint(chosen, _DARK[0], _SOFT_DARK)
    light = colour.readable(chosen, *_LIGHT, soft_light)
    dark = colour.readable(chosen, *_DARK, soft_dark)
    return {
        "--accent": f"light-dark({light}, {dark})",
        "--accent-ink": f"light-dark({colour.text_on(light)}, {colour.text_on(dark)})",
        "--accent-soft": f"light-dark({soft_light}, {soft_dark})",
        "--c1": f"light-dark({light}, {dark})",
        "--c2": f"light-dark({colour.tint(light, _LIGHT[0], _PALE)},"
        f" {colour.tint(dark, _DARK[0], _PALE)})",
    }


def _bar(chosen: str) -> dict[str, str]:
    return {"--bar": chosen, "--bar-ink": colour.text_on(chosen)}


def _logo(address: str, size: tuple[int, int]) -> str:
    """White behind it, since it is made for paper; the name stays for those who listen."""
    width, height = size
    return (
        "@layer frame {\n"
        f'  .portal .brand::before {{ content: ""; inline-size: {width}px; block-size: {height}px;'
        " border: 2px solid #fff; box-sizing: content-box; flex: none;"
        f' background: #fff url("{address}") center / contain no-repeat; }}\n'
        "  .portal .brand > span { position: absolute; inline-size: 1px; block-size: 1px;"
        " overflow: hidden; clip-path: inset(50%); white-space: nowrap; }\n"
        "}"
    )
