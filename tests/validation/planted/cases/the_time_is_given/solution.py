def greeting(hour: int) -> str:
    if hour < 12:
        return "Good morning"
    return "Good day"
