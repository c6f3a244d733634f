"""Every address: sign-in, the two page doors, and home, which sends people to theirs."""

from django.conf import settings
from django.urls import include, path

from clearbill.wiring import branding
from clearbill.wiring.join import join
from clearbill.wiring.sign_in import ask_for_reset_page, closed, home, second_factor
from clearbill.wiring.theme import theme

handler500 = "clearbill.wiring.errors.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("theme/", theme, name="theme"),
    # Addresses come from those who give access; nobody adds one to oneself.
    path("accounts/email/", closed),
    path("accounts/signup/", closed),
    path("accounts/second-factor/", second_factor, name="second-factor"),
    path("accounts/password/reset/", ask_for_reset_page, name="account_reset_password"),
    path("accounts/", include("allauth.urls")),
    path("join/<slug:slug>/<str:token>/", join, name="join"),
    path("brand/<slug:slug>/brand.css", branding.css, name="brand-css"),
    path("brand/<slug:slug>/logo.png", branding.logo, name="brand-logo"),
    path("console/<slug:slug>/", include(("clearbill.console.urls", "console"))),
    path("portal/<slug:slug>/", include(("clearbill.portal.urls", "portal"))),
]

if settings.CLEARBILL_MAILBOX:
    from clearbill.wiring.demo import pages

    urlpatterns += [
        path("mailbox/", pages.inbox, name="mailbox"),
        path("mailbox/<int:number>/", pages.letter, name="letter"),
        path("mailbox/<int:number>/html/", pages.letter_html, name="letter-html"),
    ]
