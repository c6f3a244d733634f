"""Addresses of the customer portal, below /portal/<slug>/."""

from django.urls import path

from clearbill.portal import branding, overview, people, support, views

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("usage/", overview.usage, name="usage"),
    path("brand.css", branding.css, name="brand-css"),
    path("brand/<str:sha256>.png", branding.logo, name="brand-logo"),
    path("invoices/", views.invoices, name="invoices"),
    path("invoices/<str:code>/", views.invoice, name="invoice"),
    path("invoices/<str:code>/print/", views.print_view, name="print"),
    path("invoices/<str:code>/pdf/", views.pdf, name="pdf"),
    path("invoices/<str:code>/csv/", views.csv, name="csv"),
    path("invoices/<str:code>/detailed-csv/", views.detailed_csv, name="detailed-csv"),
    path("support/", support.index, name="support"),
    path("support/new/", support.new, name="new-ticket"),
    path("support/<str:ticket>/", support.show, name="ticket"),
    path("support/<str:ticket>/files/<int:message_id>/", support.file, name="ticket-file"),
    path("help/", support.help_page, name="help"),
    path("users/", people.users, name="users"),
    path("profile/", people.profile, name="profile"),
]
