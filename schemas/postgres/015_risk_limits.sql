-- The event of no order that changes the risk limits.

ALTER TABLE order_events DROP CONSTRAINT order_events_type_known;
ALTER TABLE order_events ADD CONSTRAINT order_events_type_known CHECK (type IN
  ('OrderAccepted','RoutingStarted','RouteSelected','TransactionBuilt','TransactionSubmitted',
   'OutcomeUnknown','OrderConfirmed','AttemptFailed','OrderFailed','OrderCancelled','OrderExpired',
   'DeadLetterRequeued','DeadLetterDiscarded','OutcomeResolved','OrderRested',
   'OrderPartiallyFilled','CancelRequested','OrderAmended','TradingHalted','TradingResumed',
   'OrderTriggered','RiskLimitsChanged')) NOT VALID;
COMMENT ON COLUMN order_events.order_id IS
  'The order it happened to; zeros for an event of no order (TradingHalted, TradingResumed, RiskLimitsChanged).';
