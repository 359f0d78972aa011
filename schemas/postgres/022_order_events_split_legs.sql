-- The events of the legs of split attempts in the view legs, in the log's order.

CREATE INDEX CONCURRENTLY IF NOT EXISTS order_events_split_legs ON order_events (seq)
  WHERE type = 'LegBuilt';
