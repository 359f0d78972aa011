-- The error class of an order that waits for a quote.

ALTER TABLE orders DROP CONSTRAINT orders_error_known;
ALTER TABLE orders ADD CONSTRAINT orders_error_known CHECK (error IN
  ('slippage_exceeded','venue_unavailable','rate_limited','invalid_order','no_liquidity',
   'attempt_expired','attempt_cancelled','interrupted','no_quote')) NOT VALID;
