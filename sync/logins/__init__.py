"""Who may log in: passwords, random tokens, roles, and the commands that keep them."""
