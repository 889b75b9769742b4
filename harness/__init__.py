"""How it is measured: the runner, the models, the scorer, the reports and the gate."""
