-- The transactions in the view legs, in the log's order.

CREATE INDEX CONCURRENTLY IF NOT EXISTS order_events_transactions ON order_events (seq)
  WHERE type IN ('TransactionBuilt','LegBuilt');
