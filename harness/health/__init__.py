"""What to look at in a data set before anything is run on it: each check is pure, each finding says what to do."""
