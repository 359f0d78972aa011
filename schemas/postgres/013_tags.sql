-- The client's own marks of an order.

ALTER TABLE orders ADD COLUMN tags text[];
COMMENT ON COLUMN orders.tags IS 'The client''s own marks, at most 8; null when none was given.';
