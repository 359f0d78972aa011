-- Orders are searched by ids of other systems. Hash indexes: searches test equality only, and with an
-- 88-character transaction hash an entry is a fifth of a B-tree's. Partial: an order without the
-- value costs nothing.

CREATE INDEX orders_by_client_order_id ON orders USING hash (client_order_id)
  WHERE client_order_id IS NOT NULL;
CREATE INDEX orders_by_tx_hash ON orders USING hash (tx_hash) WHERE tx_hash IS NOT NULL;
