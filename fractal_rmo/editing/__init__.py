"""What rooms that change code share: edits of text by position, diffs, and quick test runs."""
