-- The event of an operator who states the outcome of an attempt.

ALTER TABLE order_events DROP CONSTRAINT order_events_type_known;
ALTER TABLE order_events ADD CONSTRAINT order_events_type_known CHECK (type IN
  ('OrderAccepted','RoutingStarted','RouteSelected','TransactionBuilt','TransactionSubmitted',
   'OutcomeUnknown','OrderConfirmed','AttemptFailed','OrderFailed','OrderCancelled','OrderExpired',
   'DeadLetterRequeued','DeadLetterDiscarded','OutcomeResolved')) NOT VALID;
