-- Limit orders, time in force and fills in parts. Rows of earlier orders stay as they are: a null or a
-- default is their value. Programs of earlier versions read every order but the new kinds.

ALTER TABLE orders
  DROP CONSTRAINT orders_status_known,
  DROP CONSTRAINT orders_phase_known,
  DROP CONSTRAINT orders_type_known,
  ADD COLUMN time_in_force   text,
  ADD COLUMN limit_price     numeric(38,18),
  ADD COLUMN allow_partial   boolean NOT NULL DEFAULT false,
  ADD COLUMN filled_in       numeric(38,18),
  ADD COLUMN attempt_in      numeric(38,18),
  ADD COLUMN first_quoted_in numeric(38,18),
  ADD COLUMN cancel_by       text,
  ADD COLUMN cancel_why      text;
ALTER TABLE orders
  ADD CONSTRAINT orders_status_known CHECK (status IN
    ('pending','routing','building','submitted','confirmed','failed','cancelled','expired','resting')) NOT VALID,
  ADD CONSTRAINT orders_phase_known CHECK (phase IN
    ('pending','routing','routed','building','submitted','confirmed','failed','discarded','cancelled','expired',
     'resting')) NOT VALID,
  ADD CONSTRAINT orders_type_known CHECK (type IN ('market','limit')) NOT VALID,
  ADD CONSTRAINT orders_time_in_force_known CHECK (time_in_force IN ('gtc','gtt','ioc','fok')) NOT VALID,
  ADD CONSTRAINT orders_limit_has_price CHECK ((type = 'limit') = (limit_price IS NOT NULL)) NOT VALID;
COMMENT ON COLUMN orders.time_in_force IS 'How long it trades: gtc, gtt, ioc or fok; null: as its type does.';
COMMENT ON COLUMN orders.limit_price IS 'Least output tokens per input token; limit orders only.';
COMMENT ON COLUMN orders.allow_partial IS 'An attempt may fill a part of what remains.';
COMMENT ON COLUMN orders.filled_in IS 'Input tokens sold so far; null: amount_in when confirmed, else 0 (blotter.amount_filled has the number).';
COMMENT ON COLUMN orders.attempt_in IS 'Input tokens of the last built attempt; null: amount_in when there is one.';
COMMENT ON COLUMN orders.first_quoted_in IS 'Input tokens that first_expected_out was quoted for; null: amount_in when there is such a quote.';
COMMENT ON COLUMN orders.cancel_by IS 'Who asked for the cancel that waits or waited for the live attempt; null: nobody.';
COMMENT ON COLUMN orders.cancel_why IS 'The reason given.';
COMMENT ON COLUMN orders.amount_out IS 'Output tokens received, the sum of its fills; null: it has none.';
COMMENT ON COLUMN orders.executed_price IS 'The average of its fills, amount_out / amount filled; null: it has none.';
COMMENT ON COLUMN orders.fee IS 'Venue fees in input tokens, the sum of its fills; null: it has none.';

ALTER TABLE quotes ADD COLUMN amount_in numeric(38,18);
COMMENT ON COLUMN quotes.amount_in IS 'Input tokens that it is for; null: all that remained of the order.';

ALTER TABLE order_events DROP CONSTRAINT order_events_type_known;
ALTER TABLE order_events ADD CONSTRAINT order_events_type_known CHECK (type IN
  ('OrderAccepted','RoutingStarted','RouteSelected','TransactionBuilt','TransactionSubmitted',
   'OutcomeUnknown','OrderConfirmed','AttemptFailed','OrderFailed','OrderCancelled','OrderExpired',
   'DeadLetterRequeued','DeadLetterDiscarded','OutcomeResolved','OrderRested',
   'OrderPartiallyFilled','CancelRequested','OrderAmended')) NOT VALID;

CREATE VIEW fills AS
SELECT e.seq, e.order_id, (e.data->>'attempt')::bigint AS attempt, e.ts, e.data->>'venue' AS venue,
       e.data->>'txHash' AS tx_hash, (e.data->>'amountIn')::numeric(38,18) AS amount_in,
       (e.data->>'amountOut')::numeric(38,18) AS amount_out,
       (e.data->>'executedPrice')::numeric(38,18) AS price, (e.data->>'fee')::numeric(38,18) AS fee
FROM order_events e
WHERE e.type IN ('OrderConfirmed','OrderPartiallyFilled');
COMMENT ON VIEW fills IS 'One line a fill: what one attempt of an order sold and received. Index order_events_fills.';
COMMENT ON COLUMN fills.seq IS 'Log seq of the OrderConfirmed or OrderPartiallyFilled event.';
COMMENT ON COLUMN fills.order_id IS 'The order.';
COMMENT ON COLUMN fills.attempt IS 'The attempt that filled it.';
COMMENT ON COLUMN fills.ts IS 'When it was logged.';
COMMENT ON COLUMN fills.venue IS 'The venue.';
COMMENT ON COLUMN fills.tx_hash IS 'Transaction signature, base58.';
COMMENT ON COLUMN fills.amount_in IS 'Input tokens sold.';
COMMENT ON COLUMN fills.amount_out IS 'Output tokens received.';
COMMENT ON COLUMN fills.price IS 'amount_out / amount_in.';
COMMENT ON COLUMN fills.fee IS 'Venue fee in input tokens.';

CREATE OR REPLACE VIEW blotter AS
SELECT o.order_id, o.accepted_at, o.status, o.input_token || '/' || o.output_token AS pair,
       o.account, o.client_order_id, o.amount_in, o.amount_out, o.executed_price, o.fee, o.venue,
       o.slippage_bps, o.slippage_realised_bps, o.attempt AS attempts, o.tx_hash, o.error,
       o.error_detail, o.updated_at - o.accepted_at AS age_at_last_event, o.updated_at, o.last_seq,
       o.type, o.limit_price, o.time_in_force,
       coalesce(o.filled_in, CASE o.phase WHEN 'confirmed' THEN o.amount_in ELSE 0 END) AS amount_filled
FROM orders o
ORDER BY o.accepted_seq DESC;
COMMENT ON COLUMN blotter.type IS 'orders.type';
COMMENT ON COLUMN blotter.limit_price IS 'orders.limit_price';
COMMENT ON COLUMN blotter.time_in_force IS 'orders.time_in_force';
COMMENT ON COLUMN blotter.amount_filled IS 'Input tokens sold so far.';
