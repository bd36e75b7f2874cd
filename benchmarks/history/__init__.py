"""The parts of coherence.py: processes read and write through a cache; then their history is checked.

=================  ======================================================================================
ledger/            the models that are cached; triggers in the database keep a journal of what committed
contestants/       this product and its peers, with the same methods
releases.py        two releases of this product on one database and one Redis
settings.py        Django's settings of one process: the environment selects the contestant
writes.py          the kinds of write; attempt.py: one write, its nonce and its times
worker.py          a process that reads or writes until its time ends, and logs what it read
log.py             the format of those logs
journal.py         what committed, and between which two instants
checker.py         finds stale, uncommitted, backwards and inconsistent reads
trial.py           one contestant, from the empty database to its history
nemesis.py         a trial under faults (faults.py)
verdict.py         a history in numbers; report.py: the table
=================  ======================================================================================
"""
