-- Lists of one venue's orders, newest first.

CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_by_venue ON orders (venue, accepted_seq);
