"""What levels 5 and 6 share: functions of the code, and calls of them that nobody chose."""
