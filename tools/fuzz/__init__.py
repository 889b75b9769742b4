"""Mutated files, folders and flags over every verb: nothing but a clear answer, no hang, no gigabyte (`__main__`)."""
