"""Supervision of patent and trademark agencies, with draws that anybody can recompute.

Floors; imports point down, siblings on a line never import each other::

    cli                                             commands
    app                                             the application
    web                                             HTTP: api, public   (beside it, outside: admin)
    services                                        use cases, transactions, clock, people
    database | verification                         tables and migrations | replay from files
    scoring | sampling | inspection | publication   pure stages
    domain                                          frozen nouns
    settings                                        the only reader of the environment
"""
