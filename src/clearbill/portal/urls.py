"""Addresses of the customer portal, below /portal/<slug>/."""

from django.urls import path

from clearbill.portal import branding, help, invoices, overview, people, support, views

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("usage/", overview.usage, name="usage"),
    path("brand.css", branding.css, name="brand-css"),
    path("brand/<str:sha256>.png", branding.logo, name="brand-logo"),
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/<str:code>/", views.invoice, name="invoice"),
    path("invoices/<str:code>/print/", views.print_view, name="print"),
    path("invoices/<str:code>/print.css", views.look, name="print-look"),
    path("invoices/<str:code>/pdf/", views.pdf, name="pdf"),
    path("invoices/<str:code>/csv/", views.csv, name="csv"),
    path("invoices/<str:code>/detailed-csv/", views.detailed_csv, name="detailed-csv"),
    path("support/", support.index, name="support"),
    path("support/new/", support.new, name="new-ticket"),
    path("support/<str:ticket>/", support.show, name="ticket"),
    path("support/<str:ticket>/files/<int:message_id>/", support.file, name="ticket-file"),
    path("help/", help.index, name="help"),
    path("help/<slug:article>/", help.article, name="article"),
    path("users/", people.users, name="users"),
    path("profile/", people.profile, name="profile"),
]
