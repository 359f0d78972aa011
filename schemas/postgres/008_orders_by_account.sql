-- Lists of one account's orders, newest first, and their counts, which are read from the index alone.

CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_by_account ON orders (account, accepted_seq)
  INCLUDE (phase, status, error);
