"""How fast the main job is: beside the bare floor, and beside what people use now.

`make bench` runs it in small, `make bench SIZE=full` at the sizes of docs/performance.md.
"""

import os

import django

# Models are imported by works and by the processes of their ways; nothing is connected here.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearbill.wiring.settings")
django.setup()
