"""`python -m realtime` is the `animirror` command."""

import sys

from realtime.command import main

sys.exit(main())
