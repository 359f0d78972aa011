-- Orders of an exact output.

ALTER TABLE orders ADD COLUMN exact_out numeric;
COMMENT ON COLUMN orders.exact_out IS
  'The order sells the least input that yields so much, at most amount_in; null when it sells amount_in.';
