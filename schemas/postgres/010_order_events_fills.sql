-- The events of the view fills, in the log's order.

CREATE INDEX CONCURRENTLY IF NOT EXISTS order_events_fills ON order_events (seq)
  WHERE type IN ('OrderConfirmed','OrderPartiallyFilled');
