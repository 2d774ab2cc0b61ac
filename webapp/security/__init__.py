"""Who may come in, what a browser may do with what it gets, and which forms are ours."""
