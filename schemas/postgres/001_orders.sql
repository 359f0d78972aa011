-- The projection of the order log. Every table here is derived from the log and can be rebuilt from
-- it (rebuild-projections). Only the projector writes to these tables.
--
-- Names are unqualified. The program creates the schema and sets search_path to it, so that the same
-- text makes the live schema (oee) and the schema that a rebuild fills beside it (oee_rebuild).

CREATE TABLE schema_migrations (
  version    integer PRIMARY KEY CHECK (version > 0),
  name       text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_migrations IS 'Migrations that this schema has had, one row each.';
COMMENT ON COLUMN schema_migrations.version IS 'Number of the migration file, rising from 1.';
COMMENT ON COLUMN schema_migrations.name IS 'Name of the migration file, without number and suffix.';
COMMENT ON COLUMN schema_migrations.applied_at IS 'When it was applied.';

CREATE TABLE projection_state (
  singleton        boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  log_id           text CHECK (log_id ~ '^[0-9a-f]{32}$'),
  last_seq         bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
  orders_confirmed bigint NOT NULL DEFAULT 0 CHECK (orders_confirmed >= 0),
  orders_discarded bigint NOT NULL DEFAULT 0 CHECK (orders_discarded >= 0),
  updated_at       timestamptz NOT NULL DEFAULT now()
);
INSERT INTO projection_state DEFAULT VALUES;
COMMENT ON TABLE projection_state IS
  'One row: how far the tables are. It moves in the same transaction as the rows, so the tables are always the fold of log[1..last_seq].';
COMMENT ON COLUMN projection_state.singleton IS 'Always true: keeps the table at one row.';
COMMENT ON COLUMN projection_state.log_id IS 'Which log is projected here, 32 hexadecimal digits; null before the first event.';
COMMENT ON COLUMN projection_state.last_seq IS 'Every log record up to this seq is in the tables, none above it.';
COMMENT ON COLUMN projection_state.orders_confirmed IS 'Number of orders in phase confirmed, counted as they are written.';
COMMENT ON COLUMN projection_state.orders_discarded IS 'Number of orders in phase discarded, counted as they are written.';
COMMENT ON COLUMN projection_state.updated_at IS 'When the cursor last moved.';

CREATE TABLE orders (
  order_id              uuid NOT NULL,
  status                text NOT NULL,
  phase                 text NOT NULL,
  outcome_unknown       boolean NOT NULL,
  type                  text NOT NULL,
  error                 text,
  error_detail          text NOT NULL,
  version               integer NOT NULL,
  accepted_seq          bigint NOT NULL,
  last_seq              bigint NOT NULL,
  accepted_at           timestamptz NOT NULL,
  updated_at            timestamptz NOT NULL,
  account               text NOT NULL,
  client_order_id       text,
  input_token           text NOT NULL,
  input_decimals        smallint NOT NULL,
  output_token          text NOT NULL,
  output_decimals       smallint NOT NULL,
  amount_in             numeric(38,18) NOT NULL,
  slippage_bps          integer NOT NULL,
  expires_at            timestamptz,
  min_out_floor         numeric(38,18),
  correlation_id        text,
  attempt               bigint NOT NULL,
  attempts_made         bigint NOT NULL,
  interruptions         bigint NOT NULL,
  first_expected_out    numeric(38,18),
  retry_at              timestamptz,
  unknown_since         timestamptz,
  attempt_built         boolean NOT NULL,
  venue                 text,
  venue_order_id        text,
  expected_out          numeric(38,18),
  min_out               numeric(38,18),
  valid_until_height    numeric(20,0),
  tx_hash               text,
  amount_out            numeric(38,18),
  executed_price        numeric(38,18),
  fee                   numeric(38,18),
  slippage_realised_bps integer,
  CONSTRAINT orders_status_known CHECK (status IN
    ('pending','routing','building','submitted','confirmed','failed','cancelled','expired')),
  CONSTRAINT orders_phase_known CHECK (phase IN
    ('pending','routing','routed','building','submitted','confirmed','failed','discarded','cancelled','expired')),
  CONSTRAINT orders_status_of_phase CHECK (status =
    CASE phase WHEN 'routed' THEN 'routing' WHEN 'discarded' THEN 'failed' ELSE phase END),
  CONSTRAINT orders_type_known CHECK (type IN ('market')),
  CONSTRAINT orders_error_known CHECK (error IN
    ('slippage_exceeded','venue_unavailable','rate_limited','invalid_order','no_liquidity',
     'attempt_expired','attempt_cancelled','interrupted')),
  CONSTRAINT orders_seqs CHECK (accepted_seq > 0 AND last_seq >= accepted_seq AND version > 0),
  CONSTRAINT orders_amount_positive CHECK (amount_in >= 0),
  CONSTRAINT orders_confirmed_complete CHECK (phase <> 'confirmed' OR
    (tx_hash IS NOT NULL AND amount_out IS NOT NULL AND executed_price IS NOT NULL
     AND fee IS NOT NULL AND slippage_realised_bps IS NOT NULL))
);
COMMENT ON TABLE orders IS 'Each order as it stands at projection_state.last_seq: the fold of its events.';
COMMENT ON COLUMN orders.order_id IS 'UUIDv7 given at acceptance.';
COMMENT ON COLUMN orders.status IS 'What clients see.';
COMMENT ON COLUMN orders.phase IS 'Finer than status: routed = routing with a route chosen, discarded = failed and put aside.';
COMMENT ON COLUMN orders.outcome_unknown IS 'The fate of the live attempt is open: the venue is being asked.';
COMMENT ON COLUMN orders.type IS 'Order type.';
COMMENT ON COLUMN orders.error IS 'Error class of the last failed attempt; null when none, after a requeue and when confirmed.';
COMMENT ON COLUMN orders.error_detail IS 'One sentence to error; empty when there is none.';
COMMENT ON COLUMN orders.version IS 'Number of events of this order.';
COMMENT ON COLUMN orders.accepted_seq IS 'Log seq of its OrderAccepted; the order of lists.';
COMMENT ON COLUMN orders.last_seq IS 'Log seq of its last event; an update with a lower one is ignored.';
COMMENT ON COLUMN orders.accepted_at IS 'Time of OrderAccepted; never decreases with accepted_seq.';
COMMENT ON COLUMN orders.updated_at IS 'Time of the last event.';
COMMENT ON COLUMN orders.account IS 'Authenticated principal, or default.';
COMMENT ON COLUMN orders.client_order_id IS 'The client''s own id; null when none was given.';
COMMENT ON COLUMN orders.input_token IS 'Symbol of the token that is sold.';
COMMENT ON COLUMN orders.input_decimals IS 'Decimals of the input token (its base unit is 10^-decimals).';
COMMENT ON COLUMN orders.output_token IS 'Symbol of the token that is bought.';
COMMENT ON COLUMN orders.output_decimals IS 'Decimals of the output token.';
COMMENT ON COLUMN orders.amount_in IS 'Input tokens to sell.';
COMMENT ON COLUMN orders.slippage_bps IS 'Tolerated slippage, basis points.';
COMMENT ON COLUMN orders.expires_at IS 'No new attempt after this time; null: never expires.';
COMMENT ON COLUMN orders.min_out_floor IS 'Least output in output tokens, whatever is quoted; null: none.';
COMMENT ON COLUMN orders.correlation_id IS 'W3C trace id of the request that created it; null when none.';
COMMENT ON COLUMN orders.attempt IS 'Number of the last attempt that was started; 0: none yet.';
COMMENT ON COLUMN orders.attempts_made IS 'Attempts ended since acceptance or the last requeue.';
COMMENT ON COLUMN orders.interruptions IS 'Restarts that interrupted the current attempt.';
COMMENT ON COLUMN orders.first_expected_out IS 'Output of the first chosen quote, from which min_out derives.';
COMMENT ON COLUMN orders.retry_at IS 'Pending after a failed attempt: not before this time.';
COMMENT ON COLUMN orders.unknown_since IS 'When the fate of an attempt became unknown.';
COMMENT ON COLUMN orders.attempt_built IS 'A transaction was built; the columns from venue to valid_until_height are of the last one.';
COMMENT ON COLUMN orders.venue IS 'Venue of the last built attempt.';
COMMENT ON COLUMN orders.venue_order_id IS 'Id given to the venue, 32 hexadecimal digits, a hash of order id and attempt.';
COMMENT ON COLUMN orders.expected_out IS 'Output tokens quoted for the last built attempt.';
COMMENT ON COLUMN orders.min_out IS 'Least output tokens the venue may give for it.';
COMMENT ON COLUMN orders.valid_until_height IS 'Venue height above which the attempt can no longer settle.';
COMMENT ON COLUMN orders.tx_hash IS 'Transaction signature, base58.';
COMMENT ON COLUMN orders.amount_out IS 'Output tokens received; confirmed orders only.';
COMMENT ON COLUMN orders.executed_price IS 'amount_out / amount_in; confirmed orders only.';
COMMENT ON COLUMN orders.fee IS 'Venue fee in input tokens; confirmed orders only.';
COMMENT ON COLUMN orders.slippage_realised_bps IS 'Against the first quote, negative = better; confirmed orders only.';

CREATE TABLE order_events (
  seq            bigint NOT NULL,
  order_id       uuid NOT NULL,
  version        integer NOT NULL,
  type           text NOT NULL,
  ts             timestamptz NOT NULL,
  correlation_id text,
  data           jsonb NOT NULL,
  update         json NOT NULL,
  CONSTRAINT order_events_type_known CHECK (type IN
    ('OrderAccepted','RoutingStarted','RouteSelected','TransactionBuilt','TransactionSubmitted',
     'OutcomeUnknown','OrderConfirmed','AttemptFailed','OrderFailed','OrderCancelled','OrderExpired',
     'DeadLetterRequeued','DeadLetterDiscarded')),
  CONSTRAINT order_events_seq_positive CHECK (seq > 0 AND version > 0)
);
COMMENT ON TABLE order_events IS 'Every event of the log up to projection_state.last_seq, one row each, without a hole.';
COMMENT ON COLUMN order_events.seq IS 'Position in the log, contiguous from 1.';
COMMENT ON COLUMN order_events.order_id IS 'The order it happened to.';
COMMENT ON COLUMN order_events.version IS 'Position among the order''s events, contiguous from 1.';
COMMENT ON COLUMN order_events.type IS 'What happened.';
COMMENT ON COLUMN order_events.ts IS 'When it was logged; never decreases with seq.';
COMMENT ON COLUMN order_events.correlation_id IS 'W3C trace id of the request that caused it; null when none.';
COMMENT ON COLUMN order_events.data IS 'The event''s fields; amounts and prices are exact decimal strings.';
COMMENT ON COLUMN order_events.update IS 'The stream message exactly as it was sent (type json keeps the text).';

CREATE TABLE quotes (
  seq              bigint NOT NULL,
  position         integer NOT NULL,
  order_id         uuid NOT NULL,
  attempt          bigint NOT NULL,
  ts               timestamptz NOT NULL,
  venue            text NOT NULL,
  chosen           boolean NOT NULL,
  error            text,
  amount_out       numeric(38,18),
  price            numeric(38,18),
  fee              numeric(38,18),
  price_impact_bps bigint,
  height           numeric(20,0),
  lost_because     text,
  CONSTRAINT quotes_error_or_quote CHECK ((error IS NULL) = (amount_out IS NOT NULL)),
  CONSTRAINT quotes_position CHECK (position >= 0)
);
COMMENT ON TABLE quotes IS 'Every quote received, from the RouteSelected events.';
COMMENT ON COLUMN quotes.seq IS 'Log seq of the RouteSelected event.';
COMMENT ON COLUMN quotes.position IS 'Place in that event, from 0.';
COMMENT ON COLUMN quotes.order_id IS 'The order that was routed.';
COMMENT ON COLUMN quotes.attempt IS 'The attempt that was routed.';
COMMENT ON COLUMN quotes.ts IS 'When the route was chosen.';
COMMENT ON COLUMN quotes.venue IS 'Who was asked.';
COMMENT ON COLUMN quotes.chosen IS 'This quote won.';
COMMENT ON COLUMN quotes.error IS 'Why there was no quote; null when there was one.';
COMMENT ON COLUMN quotes.amount_out IS 'Output tokens offered.';
COMMENT ON COLUMN quotes.price IS 'Output tokens per input token.';
COMMENT ON COLUMN quotes.fee IS 'Venue fee in input tokens.';
COMMENT ON COLUMN quotes.price_impact_bps IS 'Price impact without fees, basis points.';
COMMENT ON COLUMN quotes.height IS 'The venue''s height at the quote.';
COMMENT ON COLUMN quotes.lost_because IS 'Why another quote was preferred; null for the chosen one.';

CREATE TABLE dead_letters (
  failed_seq    bigint NOT NULL,
  order_id      uuid NOT NULL,
  attempt       bigint NOT NULL,
  error         text NOT NULL,
  error_detail  text NOT NULL,
  attempts_made bigint NOT NULL,
  failed_at     timestamptz NOT NULL,
  state         text NOT NULL,
  resolved_seq  bigint,
  resolved_at   timestamptz,
  resolved_by   text,
  resolved_why  text,
  CONSTRAINT dead_letters_state_known CHECK (state IN ('dead','requeued','discarded')),
  CONSTRAINT dead_letters_error_known CHECK (error IN
    ('slippage_exceeded','venue_unavailable','rate_limited','invalid_order','no_liquidity',
     'attempt_expired','attempt_cancelled','interrupted')),
  CONSTRAINT dead_letters_resolution CHECK
    ((state = 'dead') = (resolved_seq IS NULL) AND (resolved_seq IS NULL) = (resolved_at IS NULL))
);
COMMENT ON TABLE dead_letters IS 'Each time an order failed for good, and what was done about it.';
COMMENT ON COLUMN dead_letters.failed_seq IS 'Log seq of the OrderFailed event.';
COMMENT ON COLUMN dead_letters.order_id IS 'The order.';
COMMENT ON COLUMN dead_letters.attempt IS 'The attempt that failed last.';
COMMENT ON COLUMN dead_letters.error IS 'Its error class.';
COMMENT ON COLUMN dead_letters.error_detail IS 'One sentence to error.';
COMMENT ON COLUMN dead_letters.attempts_made IS 'Attempts made since acceptance or the last requeue.';
COMMENT ON COLUMN dead_letters.failed_at IS 'When it failed.';
COMMENT ON COLUMN dead_letters.state IS 'dead: waits for someone; requeued or discarded: done with.';
COMMENT ON COLUMN dead_letters.resolved_seq IS 'Log seq of the requeue or discard.';
COMMENT ON COLUMN dead_letters.resolved_at IS 'When that was.';
COMMENT ON COLUMN dead_letters.resolved_by IS 'Who did it.';
COMMENT ON COLUMN dead_letters.resolved_why IS 'The reason given.';

-- A rebuild drops the keys and indexes of its empty tables, copies the rows and creates them again.
ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY (order_id);
ALTER TABLE order_events ADD CONSTRAINT order_events_pkey PRIMARY KEY (seq);
ALTER TABLE quotes ADD CONSTRAINT quotes_pkey PRIMARY KEY (seq, position);
ALTER TABLE dead_letters ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (failed_seq);
CREATE UNIQUE INDEX orders_newest ON orders (accepted_seq);
CREATE INDEX orders_by_status ON orders (status, accepted_seq);
CREATE INDEX orders_by_input ON orders (input_token, accepted_seq);
CREATE INDEX orders_by_output ON orders (output_token, accepted_seq);
CREATE INDEX orders_by_time ON orders (accepted_at, accepted_seq);
CREATE INDEX orders_dead ON orders (accepted_seq) WHERE phase = 'failed';
CREATE UNIQUE INDEX order_events_by_order ON order_events (order_id, version);
CREATE UNIQUE INDEX dead_letters_open ON dead_letters (order_id) WHERE state = 'dead';
CREATE INDEX dead_letters_by_order ON dead_letters (order_id);

CREATE VIEW blotter AS
SELECT o.order_id, o.accepted_at, o.status, o.input_token || '/' || o.output_token AS pair,
       o.account, o.client_order_id, o.amount_in, o.amount_out, o.executed_price, o.fee, o.venue,
       o.slippage_bps, o.slippage_realised_bps, o.attempt AS attempts, o.tx_hash, o.error,
       o.error_detail, o.updated_at - o.accepted_at AS age_at_last_event, o.updated_at, o.last_seq
FROM orders o
ORDER BY o.accepted_seq DESC;
COMMENT ON VIEW blotter IS 'One line an order, newest first: what a trading desk looks at.';
COMMENT ON COLUMN blotter.order_id IS 'orders.order_id';
COMMENT ON COLUMN blotter.accepted_at IS 'orders.accepted_at';
COMMENT ON COLUMN blotter.status IS 'orders.status';
COMMENT ON COLUMN blotter.pair IS 'Input and output token, SOL/USDC.';
COMMENT ON COLUMN blotter.account IS 'orders.account';
COMMENT ON COLUMN blotter.client_order_id IS 'orders.client_order_id';
COMMENT ON COLUMN blotter.amount_in IS 'orders.amount_in';
COMMENT ON COLUMN blotter.amount_out IS 'orders.amount_out';
COMMENT ON COLUMN blotter.executed_price IS 'orders.executed_price';
COMMENT ON COLUMN blotter.fee IS 'orders.fee';
COMMENT ON COLUMN blotter.venue IS 'orders.venue';
COMMENT ON COLUMN blotter.slippage_bps IS 'orders.slippage_bps';
COMMENT ON COLUMN blotter.slippage_realised_bps IS 'orders.slippage_realised_bps';
COMMENT ON COLUMN blotter.attempts IS 'Attempts started.';
COMMENT ON COLUMN blotter.tx_hash IS 'orders.tx_hash';
COMMENT ON COLUMN blotter.error IS 'orders.error';
COMMENT ON COLUMN blotter.error_detail IS 'orders.error_detail';
COMMENT ON COLUMN blotter.age_at_last_event IS 'From acceptance to the last event.';
COMMENT ON COLUMN blotter.updated_at IS 'orders.updated_at';
COMMENT ON COLUMN blotter.last_seq IS 'orders.last_seq';

CREATE VIEW venue_statistics AS
SELECT venue, q.quotes_asked, q.quotes_failed, q.quotes_won, q.price_impact_bps_average,
       coalesce(o.orders_confirmed, 0) AS orders_confirmed, coalesce(o.orders_failed, 0) AS orders_failed,
       o.slippage_realised_bps_average, o.seconds_to_confirm_average
FROM (SELECT venue, count(*) AS quotes_asked, count(error) AS quotes_failed,
             count(*) FILTER (WHERE chosen) AS quotes_won,
             round(avg(price_impact_bps), 2) AS price_impact_bps_average
      FROM quotes GROUP BY venue) q
FULL JOIN
     (SELECT venue, count(*) FILTER (WHERE phase = 'confirmed') AS orders_confirmed,
             count(*) FILTER (WHERE status = 'failed') AS orders_failed,
             round(avg(slippage_realised_bps) FILTER (WHERE phase = 'confirmed'), 2)
               AS slippage_realised_bps_average,
             round(avg(extract(epoch FROM updated_at - accepted_at)) FILTER (WHERE phase = 'confirmed'), 3)
               AS seconds_to_confirm_average
      FROM orders WHERE venue IS NOT NULL GROUP BY venue) o USING (venue)
ORDER BY venue;
COMMENT ON VIEW venue_statistics IS 'One line a venue: how it quotes and how it executes.';
COMMENT ON COLUMN venue_statistics.venue IS 'The venue.';
COMMENT ON COLUMN venue_statistics.quotes_asked IS 'Answers to quote requests, failed ones included.';
COMMENT ON COLUMN venue_statistics.quotes_failed IS 'Of these, without a quote.';
COMMENT ON COLUMN venue_statistics.quotes_won IS 'Of these, chosen.';
COMMENT ON COLUMN venue_statistics.price_impact_bps_average IS 'Mean price impact of its quotes, basis points.';
COMMENT ON COLUMN venue_statistics.orders_confirmed IS 'Orders that it settled.';
COMMENT ON COLUMN venue_statistics.orders_failed IS 'Failed orders whose last built attempt was here.';
COMMENT ON COLUMN venue_statistics.slippage_realised_bps_average IS 'Mean slippage of its settlements against the first quote, basis points.';
COMMENT ON COLUMN venue_statistics.seconds_to_confirm_average IS 'Mean time from acceptance to confirmation, seconds.';
