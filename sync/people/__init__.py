"""What leads do about people, and what people may see of themselves; ``tiebreak people``.

``deciding`` pauses, coaches and resumes; ``own`` is what was ruled on one's own answers; ``numbers`` are
everybody's, ``kept`` for pages; ``command`` is the command line.
"""
