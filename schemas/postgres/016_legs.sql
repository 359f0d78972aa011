-- The transactions of orders, as GET /v1/orders/{id} shows them in `legs`.

CREATE VIEW legs AS
SELECT b.seq, b.order_id, (b.data->>'attempt')::bigint AS number, b.ts AS built_at,
       CASE
         WHEN l.type IS NULL THEN 'built'
         WHEN l.type = 'TransactionSubmitted' THEN 'submitted'
         WHEN l.type = 'OutcomeUnknown' THEN 'unknown'
         WHEN l.type IN ('OrderConfirmed','OrderPartiallyFilled') THEN 'filled'
         WHEN l.data->>'errorClass' = 'attempt_expired' THEN 'expired'
         WHEN l.data->>'errorClass' = 'attempt_cancelled' THEN 'cancelled'
         ELSE 'rejected'
       END AS status,
       b.data->>'venue' AS venue, b.data->>'venueOrderId' AS venue_order_id,
       coalesce(l.data->>'amountIn', b.data->>'amountIn')::numeric(38,18) AS amount_in,
       (b.data->>'minOut')::numeric(38,18) AS min_out,
       (b.data->>'expectedOut')::numeric(38,18) AS expected_out,
       t.tx_hash,
       CASE WHEN l.type NOT IN ('TransactionSubmitted','OutcomeUnknown') THEN l.ts END AS ended_at,
       (l.data->>'amountOut')::numeric(38,18) AS amount_out,
       (l.data->>'executedPrice')::numeric(38,18) AS price,
       (l.data->>'fee')::numeric(38,18) AS fee,
       l.data->>'errorClass' AS error, l.data->>'error' AS error_detail
FROM order_events b
LEFT JOIN LATERAL (
  SELECT e.type, e.ts, e.data
  FROM order_events e
  WHERE e.order_id = b.order_id AND e.version > b.version AND e.data->>'attempt' = b.data->>'attempt'
    AND e.type IN ('TransactionSubmitted','OutcomeUnknown','OrderConfirmed','OrderPartiallyFilled',
                   'AttemptFailed','OrderFailed')
  ORDER BY e.version DESC LIMIT 1) l ON true
LEFT JOIN LATERAL (
  SELECT e.data->>'txHash' AS tx_hash
  FROM order_events e
  WHERE e.order_id = b.order_id AND e.version > b.version AND e.data->>'attempt' = b.data->>'attempt'
    AND e.type IN ('TransactionSubmitted','OrderConfirmed','OrderPartiallyFilled')
  ORDER BY e.version DESC LIMIT 1) t ON true
WHERE b.type = 'TransactionBuilt';
COMMENT ON VIEW legs IS 'One line a transaction: what an attempt of an order was built to trade, and its outcome. Index order_events_legs.';
COMMENT ON COLUMN legs.seq IS 'Log seq of the TransactionBuilt event.';
COMMENT ON COLUMN legs.order_id IS 'The order.';
COMMENT ON COLUMN legs.number IS 'Of the attempt; rises along an order''s legs, with gaps.';
COMMENT ON COLUMN legs.built_at IS 'When the intent was logged, before the venue was called.';
COMMENT ON COLUMN legs.status IS 'built, submitted, unknown (the venue has not reported the outcome), filled, or an end without a trade: rejected, expired, cancelled.';
COMMENT ON COLUMN legs.venue IS 'The venue.';
COMMENT ON COLUMN legs.venue_order_id IS 'The id under which the venue knows it, built once, ever.';
COMMENT ON COLUMN legs.amount_in IS 'Input tokens to sell; of a filled one those that it took.';
COMMENT ON COLUMN legs.min_out IS 'The venue refuses less output.';
COMMENT ON COLUMN legs.expected_out IS 'Output tokens that were quoted.';
COMMENT ON COLUMN legs.tx_hash IS 'Transaction signature, base58; null: not submitted, as far as is known.';
COMMENT ON COLUMN legs.ended_at IS 'When its end was logged; null: it is live.';
COMMENT ON COLUMN legs.amount_out IS 'Output tokens received; null: it has not traded.';
COMMENT ON COLUMN legs.price IS 'amount_out / amount_in; null: it has not traded.';
COMMENT ON COLUMN legs.fee IS 'Venue fee in input tokens; null: it has not traded.';
COMMENT ON COLUMN legs.error IS 'Why it never trades; null: it has traded, or is live.';
COMMENT ON COLUMN legs.error_detail IS 'The reason in words.';
