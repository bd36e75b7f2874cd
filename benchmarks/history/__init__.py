"""Behind coherence.py: real processes read and write through a cache, and their history is judged afterwards.

=================  ======================================================================================
ledger/            the models everybody caches; triggers in the database keep a journal of what committed
contestants/       this product and its peers, each behind the same few methods
releases.py        two releases of this product on one database and one Redis
settings.py        Django's settings of one process: the environment picks the contestant
writes.py          the kinds of write; attempt.py: one write, its nonce and its times
worker.py          a process that reads or writes until its time is up, and logs what it saw
log.py             the format of those logs
journal.py         what committed, and between which two instants
checker.py         which reads were stale, uncommitted, backwards or inconsistent
trial.py           one contestant, from the empty database to its history
nemesis.py         the same under faults (faults.py)
verdict.py         a history in numbers; report.py: the table
=================  ======================================================================================
"""
