"""``python -m fractal_rmo.mcp_server``: serve one client over stdin and stdout until it hangs up.

``--cluster`` adds the tools of a cluster even where only the embedded servers are known.
"""

from __future__ import annotations

import gc
import signal
import sys

gc.disable()  # what is imported now stays; a client waits

from fractal_rmo.mcp_server.server import serve  # noqa: E402 # pylint: disable=wrong-import-position

gc.freeze()
gc.enable()

if __name__ == "__main__":
    # Ctrl-C ends it at once, and its jails with it; a handler would wait for the next line of stdin
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    serve(cluster="--cluster" in sys.argv[1:])
