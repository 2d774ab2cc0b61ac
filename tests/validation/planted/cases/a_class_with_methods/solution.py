class Till:
    """Money that comes in and goes out."""

    def __init__(self, held: int) -> None:
        self.held = held

    def pay(self, cents: int) -> int:
        """Take some out; raises ``ValueError`` for more than there is."""
        if cents > self.held:
            raise ValueError
        self.held -= cents
        return self.held
