"""From an export file or the store to evidence: what people, truths and models said, and what was left out.

``source`` opens either, ``gathering`` sorts out what was said, ``predictions`` reads what models said from a file,
``plain_answers`` reads and writes answers as programs write them.
"""
