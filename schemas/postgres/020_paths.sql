-- Paths: transactions through several pools of one venue.

ALTER TABLE quotes ADD COLUMN path text;
COMMENT ON COLUMN quotes.path IS
  'Its pools, with the tokens between them: raydium-3>USDT>raydium-5; null: one pool of the venue''s choice.';
COMMENT ON TABLE quotes IS
  'Every quote received, from the RouteSelected events. A path that was only estimated has an error that begins with "not asked:".';

CREATE OR REPLACE VIEW legs AS
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
       l.data->>'errorClass' AS error, l.data->>'error' AS error_detail,
       (SELECT string_agg(CASE WHEN h.number < jsonb_array_length(b.data->'path')
                               THEN (h.hop->>'pool') || '>' || (h.hop->>'outputToken')
                               ELSE h.hop->>'pool' END, '>' ORDER BY h.number)
        FROM jsonb_array_elements(b.data->'path') WITH ORDINALITY AS h (hop, number)) AS path
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
COMMENT ON COLUMN legs.path IS
  'Its pools, with the tokens between them: raydium-3>USDT>raydium-5; null: one pool of the venue''s choice.';

-- An estimate of a path is no answer of a venue.
CREATE OR REPLACE VIEW venue_statistics AS
SELECT venue, q.quotes_asked, q.quotes_failed, q.quotes_won, q.price_impact_bps_average,
       coalesce(o.orders_confirmed, 0) AS orders_confirmed, coalesce(o.orders_failed, 0) AS orders_failed,
       o.slippage_realised_bps_average, o.seconds_to_confirm_average
FROM (SELECT venue, count(*) AS quotes_asked, count(error) AS quotes_failed,
             count(*) FILTER (WHERE chosen) AS quotes_won,
             round(avg(price_impact_bps), 2) AS price_impact_bps_average
      FROM quotes WHERE error IS NULL OR error NOT LIKE 'not asked:%' GROUP BY venue) q
FULL JOIN
     (SELECT venue, count(*) FILTER (WHERE phase = 'confirmed') AS orders_confirmed,
             count(*) FILTER (WHERE status = 'failed') AS orders_failed,
             round(avg(slippage_realised_bps) FILTER (WHERE phase = 'confirmed'), 2)
               AS slippage_realised_bps_average,
             round(avg(extract(epoch FROM updated_at - accepted_at)) FILTER (WHERE phase = 'confirmed'), 3)
               AS seconds_to_confirm_average
      FROM orders WHERE venue IS NOT NULL GROUP BY venue) o USING (venue)
ORDER BY venue;
