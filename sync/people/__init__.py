"""What leads do about people, and what people may see of themselves; ``tiebreak people``.

``deciding`` pauses, coaches and resumes; ``own`` is one person's own work; ``command`` is the command line.
"""
