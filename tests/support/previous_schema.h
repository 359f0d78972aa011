// Sets PostgreSQL's schema back to version 2, the one before minimum reader versions, for tests of
// migrations.
#pragma once

namespace oee::test {

inline const char* const back_to_previous_schema =
    "DROP INDEX oee.orders_by_venue, oee.orders_by_account;"
    "ALTER TABLE oee.projection_state DROP COLUMN epoch;"
    "ALTER TABLE oee.schema_migrations DROP COLUMN min_reader_version;"
    "DELETE FROM oee.schema_migrations WHERE version > 2";

}  // namespace oee::test
