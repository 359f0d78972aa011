// The swap of a rebuild among other roles and sessions: owners and grants stay as they are, and a
// lock of somebody else delays or ends the rebuild, not the readers.
#include <atomic>
#include <future>
#include <thread>

#include "tests/projections/postgres/rebuild_fixture.h"

namespace oee {
namespace {

using test::log_id;
using test::RandomOrders;
using test::RecordLog;
using test::source_of;
using test::table_contents;

class RebuildSwapTest : public test::RebuildFixture {
 protected:
  // A role that may log in and has no other right. TearDown() drops it.
  std::string make_role(const std::string& name) {
    static int counter = 0;
    roles_.push_back(name + "_" + std::to_string(::getpid()) + "_" + std::to_string(++counter));
    sql("CREATE ROLE " + roles_.back() + " LOGIN");
    return roles_.back();
  }
  // One that may create schemas, as the engine's role must.
  std::string make_creator(const std::string& name) {
    const std::string role = make_role(name);
    sql("GRANT CREATE ON DATABASE " + database_ + " TO " + role);
    return role;
  }
  void SetUp() override {
    RebuildFixture::SetUp();
    database_ = sql("SELECT current_database()")[0][0].c_str();
    url_of_superuser_ = options_.url;
    engine_ = make_creator("engine");
    reader_ = make_role("reader");
    gateway_ = make_role("gateway");
  }
  void TearDown() override {
    become("");
    for (const std::string& role : roles_) sql("DROP OWNED BY " + role + " CASCADE");
    for (const std::string& role : roles_) sql("DROP ROLE " + role);
  }
  // The role of every later connection; empty: the superuser.
  void become(const std::string& role) {
    const char* separator = url_of_superuser_.find('?') == std::string::npos ? "?" : "&";
    options_.url = url_of_superuser_ + (role.empty() ? "" : separator + ("user=" + role));
  }
  void project_as_engine(RecordLog& log) {
    become(engine_);
    const auto model = make_postgres_read_model(options_);
    // The server releases an earlier projector's lock shortly after its session was closed.
    for (int i = 0; i < 500 && !model->cursor().ok(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    Projector projector(log, log_id(1), *model, {});
    Result<std::size_t> step = std::size_t{1};
    while (step && *step > 0) step = projector.step();
    ASSERT_TRUE(step.ok()) << step.error().detail;
  }
  void grant_some_rights() {
    become(engine_);
    sql("GRANT USAGE ON SCHEMA oee TO " + reader_ + " WITH GRANT OPTION;" +
        "GRANT SELECT ON oee.orders TO " + reader_ + " WITH GRANT OPTION;" +
        "GRANT SELECT (order_id, type), UPDATE (correlation_id) ON oee.order_events TO " + reader_ +
        ";GRANT USAGE ON SCHEMA oee TO " + gateway_ +
        ";GRANT SELECT ON ALL TABLES IN SCHEMA oee TO " + gateway_ +
        ";GRANT SELECT ON oee.blotter TO PUBLIC; REVOKE TRUNCATE ON oee.quotes FROM " + engine_ +
        ";ALTER DEFAULT PRIVILEGES IN SCHEMA oee GRANT SELECT ON TABLES TO " + reader_ +
        ";ALTER DEFAULT PRIVILEGES IN SCHEMA oee GRANT USAGE ON SEQUENCES TO " + reader_);
  }
  // Owners, grants and default privileges of schema oee, a line each.
  std::string privileges() {
    become("");
    const std::string of = ".privilege_type, a.grantee::regrole, a.is_grantable)";
    return sql("SELECT string_agg(line, E'\\n' ORDER BY line) FROM ("
               " SELECT format('%s is of %s', relname, relowner::regrole) AS line FROM pg_class"
               "  WHERE relnamespace = 'oee'::regnamespace AND relkind IN ('r','v')"
               " UNION ALL SELECT format('schema is of %s', nspowner::regrole) FROM pg_namespace"
               "  WHERE nspname = 'oee'"
               " UNION ALL SELECT format('%s: %s to %s %s', relname, a" +
               of +
               "  FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) a"
               "  WHERE relnamespace = 'oee'::regnamespace AND relkind IN ('r','v')"
               " UNION ALL SELECT format('%s.%s: %s to %s %s', attrelid::regclass, attname, a" +
               of +
               "  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid, aclexplode(attacl) a"
               "  WHERE relnamespace = 'oee'::regnamespace AND relkind IN ('r','v')"
               " UNION ALL SELECT format('schema: %s to %s %s', a" +
               of +
               "  FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) a"
               "  WHERE nspname = 'oee'"
               " UNION ALL SELECT format('default of %s %s: %s to %s %s', defaclrole::regrole,"
               "  defaclobjtype, a" +
               of +
               "  FROM pg_default_acl, aclexplode(defaclacl) a"
               "  WHERE defaclnamespace = 'oee'::regnamespace) lines")[0][0]
        .c_str();
  }

  std::string database_;
  std::string url_of_superuser_;
  std::string engine_;
  std::string reader_;
  std::string gateway_;
  std::vector<std::string> roles_;
};

TEST_F(RebuildSwapTest, OwnersAndGrantsAreThoseOfTheLiveTablesWhicheverRoleRebuilds) {
  const std::string member = make_creator("operator");
  sql("GRANT " + engine_ + " TO " + member);
  // By default everybody may use the tables that this role creates.
  sql("ALTER DEFAULT PRIVILEGES FOR ROLE " + member + " GRANT ALL ON TABLES TO PUBLIC");
  RandomOrders random_orders(1);
  RecordLog log(random_orders.take(300));
  project_as_engine(log);
  grant_some_rights();
  const std::string before = privileges();
  ASSERT_NE(before.find("order_events.type: SELECT to " + reader_), std::string::npos) << before;
  ASSERT_NE(before.find("default of " + engine_), std::string::npos) << before;
  for (const std::string& role : {std::string(), member, engine_}) {
    SCOPED_TRACE("as " + role);
    become(role);
    const auto report = rebuild(log);
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_EQ(report->warning, "");
    EXPECT_EQ(privileges(), before);
    log.add(random_orders.take(100));
    project_as_engine(log);
    become("");
    expect_fold(log, log.durable_head());
    become(reader_);
    EXPECT_EQ(sql("SELECT count(*) FROM oee.orders")[0][0].as<std::size_t>(),
              test::orders_at(log, log.durable_head()).size());
    EXPECT_NO_THROW(sql("SELECT order_id, type FROM oee.order_events LIMIT 1"));
    EXPECT_THROW(sql("SELECT data FROM oee.order_events LIMIT 1"), pqxx::insufficient_privilege);
    EXPECT_THROW(sql("SELECT * FROM oee.dead_letters LIMIT 1"), pqxx::insufficient_privilege);
    become(gateway_);
    EXPECT_TRUE(make_postgres_queries(options_)->orders({}).ok());
    EXPECT_TRUE(make_postgres_history(options_)->events({}).ok());
  }
}

TEST_F(RebuildSwapTest, ALeftoverOfAnotherRoleIsNoObstacle) {
  const std::string member = make_creator("operator");
  sql("GRANT " + engine_ + " TO " + member);
  RecordLog log(RandomOrders(2).take(300));
  project_as_engine(log);
  become(member);
  LogSource damaged = source_of(log);
  damaged.read = [](Seq, std::size_t) -> Result<std::vector<Record>> {
    return Error{Errc::corrupt, "damaged"};
  };
  EXPECT_EQ(rebuild_projections(options_, damaged, [](auto, auto, auto) {}).error().code,
            Errc::corrupt);
  EXPECT_EQ(sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'oee_rebuild'")[0][0].as<int>(),
            1);
  become(engine_);
  const auto report = rebuild(log);
  EXPECT_TRUE(report.ok()) << report.error().detail;
}

TEST_F(RebuildSwapTest, ARoleThatMayNotOwnTheTablesIsRefusedBeforeAnythingChanges) {
  const std::string stranger = make_creator("stranger");
  RecordLog log(RandomOrders(3).take(300));
  project_as_engine(log);
  become("");
  sql("GRANT USAGE ON SCHEMA oee TO " + stranger +
      "; GRANT SELECT ON ALL TABLES IN SCHEMA oee TO " + stranger);
  const std::string before = privileges();
  become(stranger);
  const auto refused = rebuild(log);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::invalid) << refused.error().detail;
  EXPECT_NE(refused.error().detail.find("role " + stranger + " is not a member of role " + engine_),
            std::string::npos)
      << refused.error().detail;
  EXPECT_EQ(privileges(), before);
  EXPECT_EQ(sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'oee\\_%'")[0][0].as<int>(),
            0);
}

TEST_F(RebuildSwapTest, AHeldLockDelaysTheSwapAndHoldsUpNoReader) {
  RandomOrders random_orders(4);
  RecordLog log(random_orders.take(300));
  project(log);
  pqxx::connection dump(options_.url);
  auto open = std::make_unique<pqxx::work>(dump);
  open->exec("SELECT FROM oee.projection_state");
  std::atomic<int> tries{0};
  const auto progress = [&](std::string_view step, auto, auto) {
    tries += step == "waiting for the tables' lock";
  };
  auto rebuilding = std::async(
      std::launch::async, [&] { return rebuild_projections(options_, source_of(log), progress); });
  const auto queries = make_postgres_queries(options_);
  std::chrono::milliseconds slowest{0};
  while (tries < 2 &&
         rebuilding.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(queries->cursor().ok());
    slowest = std::max(slowest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                    std::chrono::steady_clock::now() - begun));
  }
  EXPECT_EQ(tries, 2);
  EXPECT_LT(slowest, std::chrono::milliseconds(2'500));  // one try takes 1 s
  log.add(random_orders.take(3'000));                    // the rebuild catches up between its tries
  open->commit();
  const auto report = rebuilding.get();
  ASSERT_TRUE(report.ok()) << report.error().detail;
  expect_fold(log, 3'300);
}

TEST_F(RebuildSwapTest, ALockThatIsHeldForTooLongEndsTheRebuildAndChangesNothing) {
  RecordLog log(RandomOrders(5).take(300));
  project(log);
  const auto tables = [this] {
    return std::string(sql("SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_class WHERE"
                           " relnamespace = 'oee'::regnamespace")[0][0]
                           .c_str());
  };
  const std::string before = tables();
  pqxx::connection dump(options_.url);
  pqxx::work open(dump);
  open.exec("SET application_name = 'a long dump'; SELECT FROM oee.projection_state");
  options_.statement_timeout = std::chrono::seconds(2);
  const auto begun = std::chrono::steady_clock::now();
  const auto refused = rebuild(log);
  ASSERT_FALSE(refused.ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_NE(refused.error().detail.find("nothing was changed"), std::string::npos)
      << refused.error().detail;
  EXPECT_NE(refused.error().detail.find("a long dump"), std::string::npos)
      << refused.error().detail;
  EXPECT_EQ(tables(), before);
  expect_fold(log, 300);
  open.abort();
  EXPECT_TRUE(rebuild(log).ok());
}

}  // namespace
}  // namespace oee
