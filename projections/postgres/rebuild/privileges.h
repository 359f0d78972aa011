// Owners and grants of the tables that a rebuild replaces: the new tables get those of the live
// ones, whichever role rebuilds. Called inside PostgresSession::run(); throws what libpqxx throws.
#pragma once

#include <pqxx/transaction_base>
#include <string>

#include "core/base/result.h"

namespace oee {

// Whether this connection's role may own what a rebuild of schema `live` replaces: it is a
// superuser, or a member of every role that owns the schema or one of its `relations` (names, ", "
// between them), or has default privileges there. A schema that does not exist has no owner.
// invalid: it may not; the detail names both roles.
Result<void> check_may_own(pqxx::transaction_base& tx, const std::string& live,
                           const std::string& relations);

// Creates the schema `shadow` for the owner of `live`, or for this connection's role when there is
// no `live`. Its owner may drop it after a crash, whichever role rebuilt.
void create_schema_of_owner(pqxx::transaction_base& tx, const std::string& live,
                            const std::string& shadow);

// Gives the tables and views of `shadow` the owners and grants (columns included) of those with the
// same names in `live`, and gives the schema itself the grants and default privileges of `live`.
// The grantor of every grant becomes the owner.
void copy_owners_and_grants(pqxx::transaction_base& tx, const std::string& live,
                            const std::string& shadow);

}  // namespace oee
