-- Orders are looked up by what other systems know of them. Hash indexes: equality is all that is asked,
-- and an entry is a fifth of a B-tree's with an 88-character transaction hash. Partial: an order that has
-- none costs nothing.

CREATE INDEX orders_by_client_order_id ON orders USING hash (client_order_id)
  WHERE client_order_id IS NOT NULL;
CREATE INDEX orders_by_tx_hash ON orders USING hash (tx_hash) WHERE tx_hash IS NOT NULL;
