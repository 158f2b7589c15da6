"""How a project gets on: numbers checked against brute force and simulations of known truth."""
