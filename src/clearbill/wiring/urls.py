"""Every address: sign-in, the two page doors, and home, which sends people to theirs."""

from django.urls import include, path

from clearbill.wiring.sign_in import home

handler500 = "clearbill.wiring.errors.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("accounts/", include("allauth.urls")),
    path("console/<slug:slug>/", include(("clearbill.console.urls", "console"))),
    path("portal/<slug:slug>/", include(("clearbill.portal.urls", "portal"))),
]
