"""Reading SQL: what a script is made of, how it may be run, what it does and what it would lose.

Pure: text in, frozen values out; nothing here talks to a database.

    script = read(text)                       script.py       statements, directives; SqlInvalidError
    plan = execution_plan(script)             transactions.py one transaction, or units with probes
    batch = Batch.of(schema)                  batch.py        what the migrations of one plan made themselves
    review = review_script(script, batch)     review.py       operations (operations.py) and losses (loss.py)
    excerpt(path, text, offset)               position.py     five lines and a caret
    redact(text)                              redact.py       SQL without its passwords

The order in which the modules stand on each other:
errors, position < lexer < statements, directives, redact < script < parser < transactions, names < batch < ...
"""
