-- Lists of one account's dead letters, newest first.

CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_dead_by_account ON orders (account, accepted_seq)
  WHERE phase = 'failed';
