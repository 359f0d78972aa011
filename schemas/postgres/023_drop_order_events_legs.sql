-- Index order_events_transactions has its rows.

DROP INDEX IF EXISTS order_events_legs;
