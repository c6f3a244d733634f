"""The demo: a made-up month of two resellers, loaded by the real verbs, and all of it served."""
