"""Start the bsgui window: ``python main.py [PHOTO|STACK]``."""

import sys

from bsgui.app import main

if __name__ == "__main__":
    sys.exit(main())
