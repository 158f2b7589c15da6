"""Giving lessons: which process does, what is asked, and whether what was learned takes the live version's place."""
