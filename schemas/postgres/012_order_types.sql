-- Stop, sniper and twap orders. Rows of earlier orders stay as they are.

ALTER TABLE orders
  DROP CONSTRAINT orders_type_known,
  DROP CONSTRAINT orders_limit_has_price,
  ADD COLUMN trigger_price     numeric(38,18),
  ADD COLUMN trigger_when      text,
  ADD COLUMN min_liquidity     numeric(38,18),
  ADD COLUMN triggered_at      timestamptz,
  ADD COLUMN slices            integer,
  ADD COLUMN slice_interval_us bigint,
  ADD COLUMN slice_randomize   smallint;
ALTER TABLE orders
  ADD CONSTRAINT orders_type_known CHECK (type IN ('market','limit','stop','sniper','twap')) NOT VALID,
  ADD CONSTRAINT orders_limit_has_price CHECK
    (type NOT IN ('market','limit') OR (type = 'limit') = (limit_price IS NOT NULL)) NOT VALID,
  ADD CONSTRAINT orders_stop_has_trigger CHECK ((type = 'stop') = (trigger_price IS NOT NULL)) NOT VALID,
  ADD CONSTRAINT orders_twap_has_slices CHECK ((type = 'twap') = (slices IS NOT NULL)) NOT VALID,
  ADD CONSTRAINT orders_trigger_when_known CHECK (trigger_when IN ('atOrBelow','atOrAbove')) NOT VALID;
COMMENT ON COLUMN orders.limit_price IS 'Least output tokens per input token; null: none.';
COMMENT ON COLUMN orders.trigger_price IS 'Spot price, output tokens per input token, that a stop order waits for.';
COMMENT ON COLUMN orders.trigger_when IS 'The side of trigger_price on which it trades: atOrBelow or atOrAbove.';
COMMENT ON COLUMN orders.min_liquidity IS 'Output tokens that a pool must hold for a sniper order; null: any.';
COMMENT ON COLUMN orders.triggered_at IS 'When a stop or sniper order began to trade; null: not yet, or another type.';
COMMENT ON COLUMN orders.slices IS 'Number of slices of a twap order.';
COMMENT ON COLUMN orders.slice_interval_us IS 'Microseconds between two slices.';
COMMENT ON COLUMN orders.slice_randomize IS 'Percent of the interval by which a slice may be late.';

ALTER TABLE order_events DROP CONSTRAINT order_events_type_known;
ALTER TABLE order_events ADD CONSTRAINT order_events_type_known CHECK (type IN
  ('OrderAccepted','RoutingStarted','RouteSelected','TransactionBuilt','TransactionSubmitted',
   'OutcomeUnknown','OrderConfirmed','AttemptFailed','OrderFailed','OrderCancelled','OrderExpired',
   'DeadLetterRequeued','DeadLetterDiscarded','OutcomeResolved','OrderRested',
   'OrderPartiallyFilled','CancelRequested','OrderAmended','TradingHalted','TradingResumed',
   'OrderTriggered')) NOT VALID;
