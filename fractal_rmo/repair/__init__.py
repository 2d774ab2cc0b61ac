"""Search-based program repair: localise, edit, judge, rank.  Runs nothing itself."""
