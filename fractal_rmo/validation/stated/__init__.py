"""Properties that somebody stated of code which they had not seen: read, asked, told."""
