-- The events of the view legs, in the log's order.

CREATE INDEX CONCURRENTLY IF NOT EXISTS order_events_legs ON order_events (seq)
  WHERE type = 'TransactionBuilt';
