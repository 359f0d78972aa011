-- The quote that an order is bound to.

ALTER TABLE orders ADD COLUMN quote_id text;
COMMENT ON COLUMN orders.quote_id IS 'The quoteId of the answer that min_out_floor keeps at least; null when none was given.';
