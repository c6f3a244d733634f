"""Clearbill: cloud usage becomes customer invoices whose every cent can be explained."""
