"""Local servers that this program starts, waits for, and stops again: `--serve NAME`. docs/serving.md has the page.

servers.py   one declaration a server: its command line, and where it says that it is well
managed.py   a server under way: started, healthy, stopped, its log kept
guard.py     a program of its own, which ends the server when we end, in whatever way
"""
