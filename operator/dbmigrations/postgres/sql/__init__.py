"""Reading SQL: what a script is made of, how it may be run, what it does and what it would lose.

Pure: text in, frozen values out; nothing here talks to a database.

    script = read(text)                     statements and directives; SqlInvalidError with place and remedy
    plan = execution_plan(script)           one transaction, or units with probes
    review = review_script(script, batch)   operations and losses, given what the batch made before
    script.excerpt(position)                five lines and a caret, without passwords
    redact(text)                            SQL without its passwords

The floors, each standing on those before it:

    position, errors, lexer         places; the one error; tokens
    statements, metacommands        where statements begin and end
    directives, redact, script      what a script says about itself; what a log may show
    tree, options, names, naming    the parse tree behind our own interface
    placement, probes, enums,       may it run in a transaction; was it finished
    session, units, transactions
    batch, effects                  what the plan made itself; names before the batch
    retyping, conversions, filling  which changes of a type, and which UPDATE, lose nothing
    kinds, functions, loss, losses  what is lost
    classification, operations      what is done
    review                          both, in one pass
"""
