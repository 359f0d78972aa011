#include "projections/postgres/rebuild/privileges.h"

#include <pqxx/result>

namespace oee {
namespace {

// Runs a query whose rows are statements, and then the statements.
void execute_rows(pqxx::transaction_base& tx, const std::string& query) {
  for (const auto& row : tx.exec(query)) tx.exec(row[0].as<std::string>());
}

std::string schema_oid(const std::string& schema) {
  return "to_regnamespace('" + schema + "')";
}

// The tables and views of both schemas, by name: `old` and `new`. There are no sequences.
std::string pairs(const std::string& live, const std::string& shadow) {
  return " FROM (SELECT * FROM pg_class WHERE relnamespace = " + schema_oid(live) +
         ") old JOIN (SELECT * FROM pg_class WHERE relnamespace = " + schema_oid(shadow) +
         ") new ON new.relname = old.relname AND new.relkind = old.relkind"
         " AND old.relkind IN ('r','v')";
}

// One row for each privilege of an ACL. A null ACL means the default privileges of its kind.
std::string each_privilege(const std::string& acl, char kind, const std::string& owner) {
  return " CROSS JOIN LATERAL aclexplode(coalesce(" + acl + ", acldefault('" + kind + "', " +
         owner + "))) a";
}

const std::string grantee =
    "CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END";
const std::string grant_option = "CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END";

}  // namespace

Result<void> check_may_own(pqxx::transaction_base& tx, const std::string& live,
                           const std::string& relations) {
  const pqxx::result foreign = tx.exec(
      "SELECT DISTINCT current_user, pg_get_userbyid(owner) FROM"
      " (SELECT nspowner AS owner FROM pg_namespace WHERE oid = " +
      schema_oid(live) + " UNION SELECT relowner FROM pg_class WHERE relnamespace = " +
      schema_oid(live) + " AND relname = ANY(string_to_array('" + relations +
      "', ', ')) UNION SELECT defaclrole FROM pg_default_acl WHERE defaclnamespace = " +
      schema_oid(live) + ") owners WHERE NOT pg_has_role(owner, 'USAGE')");
  if (foreign.empty()) return {};
  const std::string role = foreign[0][0].as<std::string>();
  const std::string owner = foreign[0][1].as<std::string>();
  return Error{Errc::invalid, "role " + role + " is not a member of role " + owner +
                                  ", which owns a part of schema " + live +
                                  ": nothing was changed; run as " + owner + " or grant it to " +
                                  role};
}

void create_schema_of_owner(pqxx::transaction_base& tx, const std::string& live,
                            const std::string& shadow) {
  execute_rows(tx, "SELECT format('CREATE SCHEMA " + shadow +
                       " AUTHORIZATION %I', coalesce((SELECT pg_get_userbyid(nspowner) FROM"
                       " pg_namespace WHERE oid = " +
                       schema_oid(live) + "), current_user))");
}

void copy_owners_and_grants(pqxx::transaction_base& tx, const std::string& live,
                            const std::string& shadow) {
  const std::string from_pairs = pairs(live, shadow);
  execute_rows(tx,
               "SELECT format('ALTER TABLE %s OWNER TO %I', new.oid::regclass,"
               " pg_get_userbyid(old.relowner))" +
                   from_pairs);
  // The default privileges of the role that rebuilds may have granted more than `live` grants.
  execute_rows(tx, "SELECT DISTINCT format('REVOKE ALL ON %s FROM %s', new.oid::regclass, " +
                       grantee + ")" + from_pairs +
                       each_privilege("new.relacl", 'r', "new.relowner"));
  execute_rows(tx, "SELECT format('GRANT %s ON %s TO %s%s', a.privilege_type, new.oid::regclass, " +
                       grantee + ", " + grant_option + ")" + from_pairs +
                       each_privilege("old.relacl", 'r', "old.relowner"));
  execute_rows(tx,
               "SELECT format('GRANT %s (%I) ON %s TO %s%s', a.privilege_type, c.attname,"
               " new.oid::regclass, " +
                   grantee + ", " + grant_option + ")" + from_pairs +
                   " JOIN pg_attribute c ON c.attrelid = old.oid AND c.attacl IS NOT NULL"
                   " JOIN pg_attribute d ON d.attrelid = new.oid AND d.attname = c.attname"
                   " CROSS JOIN LATERAL aclexplode(c.attacl) a");
  const std::string of_schema =
      " FROM pg_namespace n" + each_privilege("n.nspacl", 'n', "n.nspowner");
  execute_rows(tx, "SELECT DISTINCT format('REVOKE ALL ON SCHEMA " + shadow + " FROM %s', " +
                       grantee + ")" + of_schema + " WHERE n.oid = " + schema_oid(shadow));
  execute_rows(tx, "SELECT format('GRANT %s ON SCHEMA " + shadow + " TO %s%s', a.privilege_type, " +
                       grantee + ", " + grant_option + ")" + of_schema +
                       " WHERE n.oid = " + schema_oid(live));
  execute_rows(tx, "SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA " + shadow +
                       " GRANT %s ON %s TO %s%s', pg_get_userbyid(d.defaclrole), a.privilege_type,"
                       " CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'"
                       "  WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES' END, " +
                       grantee + ", " + grant_option +
                       ") FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) a"
                       " WHERE d.defaclnamespace = " +
                       schema_oid(live));
}

}  // namespace oee
