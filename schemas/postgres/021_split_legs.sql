-- The legs of split attempts.

ALTER TABLE order_events DROP CONSTRAINT order_events_type_known;
ALTER TABLE order_events ADD CONSTRAINT order_events_type_known CHECK (type IN
  ('OrderAccepted','RoutingStarted','RouteSelected','TransactionBuilt','TransactionSubmitted',
   'OutcomeUnknown','OrderConfirmed','AttemptFailed','OrderFailed','OrderCancelled','OrderExpired',
   'DeadLetterRequeued','DeadLetterDiscarded','OutcomeResolved','OrderRested',
   'OrderPartiallyFilled','CancelRequested','OrderAmended','TradingHalted','TradingResumed',
   'OrderTriggered','RiskLimitsChanged','LegBuilt','LegSubmitted','LegOutcomeUnknown','LegFilled',
   'LegEnded')) NOT VALID;

COMMENT ON COLUMN quotes.chosen IS
  'The order trades at it. A split attempt has several: one for each leg.';

-- A split attempt has a line for each LegBuilt and none for its TransactionBuilt, which has the sums.
CREATE OR REPLACE VIEW legs AS
SELECT b.seq, b.order_id, (b.data->>'attempt')::bigint AS number, b.ts AS built_at,
       CASE
         WHEN l.type IS NULL THEN 'built'
         WHEN l.type IN ('TransactionSubmitted','LegSubmitted') THEN 'submitted'
         WHEN l.type IN ('OutcomeUnknown','LegOutcomeUnknown') THEN 'unknown'
         WHEN l.type IN ('OrderConfirmed','OrderPartiallyFilled','LegFilled') THEN 'filled'
         WHEN l.data->>'errorClass' = 'attempt_expired' THEN 'expired'
         WHEN l.data->>'errorClass' = 'attempt_cancelled' THEN 'cancelled'
         ELSE 'rejected'
       END AS status,
       b.data->>'venue' AS venue, b.data->>'venueOrderId' AS venue_order_id,
       coalesce(l.data->>'amountIn', b.data->>'amountIn')::numeric(38,18) AS amount_in,
       (b.data->>'minOut')::numeric(38,18) AS min_out,
       (b.data->>'expectedOut')::numeric(38,18) AS expected_out,
       t.tx_hash,
       CASE WHEN l.type NOT IN ('TransactionSubmitted','OutcomeUnknown','LegSubmitted',
                                'LegOutcomeUnknown') THEN l.ts END AS ended_at,
       (l.data->>'amountOut')::numeric(38,18) AS amount_out,
       (l.data->>'executedPrice')::numeric(38,18) AS price,
       (l.data->>'fee')::numeric(38,18) AS fee,
       l.data->>'errorClass' AS error, l.data->>'error' AS error_detail,
       (SELECT string_agg(CASE WHEN h.number < jsonb_array_length(b.data->'path')
                               THEN (h.hop->>'pool') || '>' || (h.hop->>'outputToken')
                               ELSE h.hop->>'pool' END, '>' ORDER BY h.number)
        FROM jsonb_array_elements(b.data->'path') WITH ORDINALITY AS h (hop, number)) AS path,
       (b.data->>'leg')::integer AS leg
FROM order_events b
-- The legs of a TransactionBuilt that has the sums follow it.
LEFT JOIN LATERAL (
  SELECT true AS follow
  FROM order_events n
  WHERE b.type = 'TransactionBuilt' AND n.order_id = b.order_id AND n.version = b.version + 1 AND
        n.type = 'LegBuilt' LIMIT 1) n ON true
-- The newest event of the leg. An interruption (OutcomeUnknown) concerns each leg that has not ended.
LEFT JOIN LATERAL (
  SELECT e.type, e.ts, e.data
  FROM order_events e
  WHERE e.order_id = b.order_id AND e.version > b.version AND e.data->>'attempt' = b.data->>'attempt'
    AND (e.type = 'OutcomeUnknown' OR
         (e.data->>'leg' IS NOT DISTINCT FROM b.data->>'leg' AND
          e.type IN ('TransactionSubmitted','OrderConfirmed','OrderPartiallyFilled','AttemptFailed',
                     'OrderFailed','LegSubmitted','LegOutcomeUnknown','LegFilled','LegEnded')))
  ORDER BY e.type IN ('OrderConfirmed','OrderPartiallyFilled','AttemptFailed','OrderFailed',
                      'LegFilled','LegEnded') DESC, e.version DESC LIMIT 1) l ON true
LEFT JOIN LATERAL (
  SELECT e.data->>'txHash' AS tx_hash
  FROM order_events e
  WHERE e.order_id = b.order_id AND e.version > b.version AND e.data->>'attempt' = b.data->>'attempt'
    AND e.data->>'leg' IS NOT DISTINCT FROM b.data->>'leg'
    AND e.type IN ('TransactionSubmitted','OrderConfirmed','OrderPartiallyFilled','LegSubmitted',
                   'LegFilled')
  ORDER BY e.version DESC LIMIT 1) t ON true
WHERE b.type IN ('TransactionBuilt','LegBuilt') AND n.follow IS NOT TRUE;
COMMENT ON VIEW legs IS
  'One line a transaction: what an attempt of an order, or a leg of a split attempt, was built to trade, and its outcome. Index order_events_transactions.';
COMMENT ON COLUMN legs.seq IS 'Log seq of the TransactionBuilt or LegBuilt event.';
COMMENT ON COLUMN legs.leg IS 'Position among the legs of a split attempt, from 0; null: the attempt is not split.';

-- A leg of a split that was not chosen has an error that begins with "not traded:". It counts no more
-- than an estimate does.
CREATE OR REPLACE VIEW venue_statistics AS
SELECT venue, q.quotes_asked, q.quotes_failed, q.quotes_won, q.price_impact_bps_average,
       coalesce(o.orders_confirmed, 0) AS orders_confirmed, coalesce(o.orders_failed, 0) AS orders_failed,
       o.slippage_realised_bps_average, o.seconds_to_confirm_average
FROM (SELECT venue, count(*) AS quotes_asked, count(error) AS quotes_failed,
             count(*) FILTER (WHERE chosen) AS quotes_won,
             round(avg(price_impact_bps), 2) AS price_impact_bps_average
      FROM quotes WHERE error IS NULL OR error NOT SIMILAR TO 'not (asked|traded):%' GROUP BY venue) q
FULL JOIN
     (SELECT venue, count(*) FILTER (WHERE phase = 'confirmed') AS orders_confirmed,
             count(*) FILTER (WHERE status = 'failed') AS orders_failed,
             round(avg(slippage_realised_bps) FILTER (WHERE phase = 'confirmed'), 2)
               AS slippage_realised_bps_average,
             round(avg(extract(epoch FROM updated_at - accepted_at)) FILTER (WHERE phase = 'confirmed'), 3)
               AS seconds_to_confirm_average
      FROM orders WHERE venue IS NOT NULL GROUP BY venue) o USING (venue)
ORDER BY venue;
