"""Tables of data: read with the place of every cell, profiled, checked in jails and mended."""
