"""`dbmigrate`, the runner: the steps that Jobs call and the commands that a person calls. The same code for both."""
