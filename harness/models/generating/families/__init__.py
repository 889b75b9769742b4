"""The families: each module here has a tuple `FAMILIES`, and nothing else mentions them."""
