// Sets PostgreSQL's schema back to version 2, the one before minimum reader versions, for tests of
// migrations.
#pragma once

#include <string>

namespace oee::test {

// Takes back the migrations from 9 on: limit orders, types of orders, tags, quotes, exact outputs,
// paths and splits. The view venue_statistics of version 20 stays: it names no later column.
inline const std::string undo_limit_orders =
    "DROP INDEX oee.order_events_fills, oee.order_events_transactions,"
    " oee.orders_dead_by_account;"
    "DROP VIEW oee.fills, oee.legs, oee.blotter;"
    "ALTER TABLE oee.orders DROP COLUMN time_in_force, DROP COLUMN limit_price,"
    " DROP COLUMN allow_partial, DROP COLUMN filled_in, DROP COLUMN attempt_in,"
    " DROP COLUMN first_quoted_in, DROP COLUMN cancel_by, DROP COLUMN cancel_why,"
    " DROP COLUMN trigger_price, DROP COLUMN trigger_when, DROP COLUMN min_liquidity,"
    " DROP COLUMN triggered_at, DROP COLUMN slices, DROP COLUMN slice_interval_us,"
    " DROP COLUMN slice_randomize, DROP COLUMN tags, DROP COLUMN quote_id,"
    " DROP COLUMN exact_out;"
    "ALTER TABLE oee.quotes DROP COLUMN amount_in, DROP COLUMN path;"
    "CREATE VIEW oee.blotter AS SELECT o.order_id, o.accepted_at, o.status,"
    " o.input_token || '/' || o.output_token AS pair, o.account, o.client_order_id, o.amount_in,"
    " o.amount_out, o.executed_price, o.fee, o.venue, o.slippage_bps, o.slippage_realised_bps,"
    " o.attempt AS attempts, o.tx_hash, o.error, o.error_detail,"
    " o.updated_at - o.accepted_at AS age_at_last_event, o.updated_at, o.last_seq"
    " FROM oee.orders o ORDER BY o.accepted_seq DESC;";

inline const std::string back_to_previous_schema =
    undo_limit_orders +
    "DROP INDEX oee.orders_by_venue, oee.orders_by_account;"
    "ALTER TABLE oee.projection_state DROP COLUMN epoch;"
    "ALTER TABLE oee.schema_migrations DROP COLUMN min_reader_version;"
    "DELETE FROM oee.schema_migrations WHERE version > 2";

}  // namespace oee::test
