"""Gates: limits on what long work does to others, and the action where one is passed: wait.

`limits` decides (pure), `reading` asks the server, `gates` waits.
"""
