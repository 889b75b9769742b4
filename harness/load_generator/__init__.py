"""Open-loop load on a server: what it costs in latency to be asked so often. docs/load.md has the definitions.

    schedule.py    when each request is to be sent, and with which clip
    offer.py       sends them at those times, whatever the answers do
    quantiles.py   quantiles and means of dependent latencies, with intervals
    measure.py     what the requests of one rate say
    knee.py        what the rates together say
    sending.py     the thin edge: real time, threads, a served model
    sweep.py       rate after rate, and the files

All but the last two are plain functions of their arguments: the tests run them in virtual time, before servers of
known law.
"""
