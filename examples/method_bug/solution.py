class Account:
    """A bank account that may not go below zero."""

    def __init__(self, balance=0):
        self.balance = balance

    def deposit(self, amount):
        self.balance += amount

    def withdraw(self, amount):
        if amount < self.balance:
            raise ValueError("insufficient funds")
        self.balance -= amount
        return self.balance
