"""The commands of `dbmigrate`, one module each. They parse, call the steps' code in this process, and show."""
