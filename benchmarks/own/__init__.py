"""The user's own data as a benchmark: what form it has is recognized, each form is one module of `forms`."""
