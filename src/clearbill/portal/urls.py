"""Addresses of the customer portal, below /portal/<slug>/."""

from django.urls import path

from clearbill.portal import views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("invoices/", views.invoices, name="invoices"),
    path("invoices/<str:code>/", views.invoice, name="invoice"),
    path("invoices/<str:code>/print/", views.print_view, name="print"),
    path("invoices/<str:code>/pdf/", views.pdf, name="pdf"),
    path("invoices/<str:code>/csv/", views.csv, name="csv"),
    path("invoices/<str:code>/detailed-csv/", views.detailed_csv, name="detailed-csv"),
]
