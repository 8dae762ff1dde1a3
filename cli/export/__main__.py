from __future__ import annotations

import sys

from cli.export.export import main

sys.exit(main(sys.argv[1:]))
