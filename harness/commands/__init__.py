"""The verbs of the command line, one module each, imported only when it is used.

A module has ``HELP`` (one line), ``add_arguments(parser)`` and ``run(args) -> ExitStatus``. What a verb says goes to
stdout, everything about progress to stderr; errors are raised as `harness.errors` and printed by `harness.cli`.
"""
