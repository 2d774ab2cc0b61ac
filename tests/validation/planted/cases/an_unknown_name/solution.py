def area(width, height):
    if width < 0:
        raise ValueError(messsage)
    return width * height
