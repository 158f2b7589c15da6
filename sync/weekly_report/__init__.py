"""``tiebreak report``: the weekly report of a project, one file to mail, from what the store keeps.

``content`` gathers what it says, ``document`` writes the HTML, ``pdf`` has a browser of the system print it.
"""
