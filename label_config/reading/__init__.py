"""One region of Label Studio's result JSON -> the value it says, a family a file.

Every reader takes JSON of which nothing is known and raises ValueError that says what is wrong; ``results`` adds which
region and control.
"""
