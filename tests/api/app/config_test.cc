#include "api/app/config/parse.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <thread>

#include "api/app/config/keys.h"
#include "api/app/config/text.h"
#include "tests/support/process/servers.h"

extern char** environ;

namespace oee {
namespace {

using test::TemporaryDirectory;

// Every test starts without the environment variables that the configuration reads.
class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    std::vector<std::string> names = {"DATABASE_URL", "REDIS_URL", "REDIS_HOST",
                                      "REDIS_PORT",   "HOST",      "PORT"};
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      if (text.starts_with("OEE_")) names.push_back(text.substr(0, text.find('=')));
    }
    for (const std::string& name : names) ::unsetenv(name.c_str());
  }

  static Result<std::variant<Config, ConfigHelp>> parse_any(const std::vector<std::string>& flags) {
    std::vector<const char*> argv = {"order-engine"};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    return parse_config(static_cast<int>(argv.size()), argv.data());
  }
  static Config parse(const std::vector<std::string>& flags) {
    const auto parsed = parse_any(flags);
    EXPECT_TRUE(parsed.ok()) << parsed.error().detail;
    return std::get<Config>(*parsed);
  }
  static std::string refusal(const std::vector<std::string>& flags) {
    const auto parsed = parse_any(flags);
    if (parsed.ok()) return "accepted";
    EXPECT_EQ(parsed.error().code, Errc::invalid);
    return parsed.error().detail;
  }
  std::string file(const std::string& text, const std::string& name = "engine.toml") {
    const auto path = dir_.path() / name;
    std::ofstream(path) << text;
    return path.string();
  }
  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

  TemporaryDirectory dir_;
};

TEST_F(ConfigTest, WithoutSettingsTheDocumentedDefaultsApply) {
  const Config config = parse({});
  EXPECT_EQ(config.data_dir, "./data");
  EXPECT_EQ(config.listen_host, "127.0.0.1");
  EXPECT_EQ(config.listen_port, 3000);
  EXPECT_EQ(config.shards, std::thread::hardware_concurrency());
  EXPECT_EQ(config.postgres_url, "");
  EXPECT_EQ(config.redis_url, "");
  EXPECT_EQ(config.redis_prefix, "oee");
  EXPECT_EQ(config.role, Role::all);
  EXPECT_EQ(config.venue_delay.min, Micros{2'000'000});
  EXPECT_EQ(config.venue_delay.max, Micros{3'000'000});
  EXPECT_EQ(config.quote_delay.max, Micros{300'000});
  EXPECT_EQ(config.max_attempts, 3U);
  EXPECT_EQ(config.execution_concurrency, 1000U);
  EXPECT_EQ(config.live_attempts_max, 20'000U);
  EXPECT_EQ(config.path_impact_bps, 5U);
  EXPECT_EQ(config.leg_gain_bps, 1U);
  EXPECT_EQ(config.breaker_failures, 5U);
  EXPECT_EQ(config.open_orders_max, 100'000U);
  EXPECT_EQ(config.origin.at("listen"), "default");
}

// All flags except those of access control.
std::vector<std::string> flags_beside_access(const std::string& tokens_file) {
  return {"--data-dir",
          "/tmp/somewhere-else",
          "--listen",
          "[::1]:0",
          "--shards",
          "5",
          "--postgres-url",
          "postgresql://u:p@h:1/d",
          "--redis-url",
          "redis://:pw@h:2/3",
          "--redis-prefix",
          "desk-2:oee",
          "--role",
          "gateway",
          "--venue-delay",
          "0ms",
          "--quote-delay=1ms-2s",
          "--venue-seed",
          "18446744073709551615",
          "--venue-faults",
          "lose-request=0.1,lose-reply=0.25,duplicate=1,late=0.5:5s,reject=0,move=30",
          "--tokens-file",
          tokens_file,
          "--max-attempts",
          "7",
          "--backoff",
          "250ms",
          "--execution-concurrency",
          "0",
          "--live-attempts-max",
          "8",
          "--leg-gain-bps",
          "3",
          "--path-impact-bps",
          "25",
          "--breaker-failures",
          "4",
          "--open-orders-max",
          "9",
          "--connections-max",
          "10",
          "--allowed-origins",
          "https://a.example,http://localhost:8080",
          "--allowed-hosts",
          "a.example,trading-box",
          "--dialects",
          "c,A",
          "--disk-free-min-mb",
          "0",
          "--stream-buffer-bytes-max",
          "1048576",
          "--access-log",
          "./access.log",
          "--log-format",
          "json",
          "--log-level",
          "debug",
          "--enable-test-endpoints",
          "--start-halted",
          "--check-config"};
}

TEST_F(ConfigTest, EveryFlagReachesItsField) {
  const std::string tokens = file("{}", "tokens.json");
  const Config config = parse(flags_beside_access(tokens));
  EXPECT_EQ(config.data_dir, "/tmp/somewhere-else");
  EXPECT_EQ(config.listen_host, "::1");
  EXPECT_EQ(config.listen_port, 0);
  EXPECT_EQ(config.shards, 5U);
  EXPECT_EQ(config.postgres_url, "postgresql://u:p@h:1/d");
  EXPECT_EQ(config.redis_url, "redis://:pw@h:2/3");
  EXPECT_EQ(config.redis_prefix, "desk-2:oee");
  EXPECT_EQ(config.role, Role::gateway);
  EXPECT_EQ(config.venue_delay.max, Micros{0});
  EXPECT_EQ(config.quote_delay.min, Micros{1'000});
  EXPECT_EQ(config.quote_delay.max, Micros{2'000'000});
  EXPECT_EQ(config.venue_seed, 18446744073709551615U);
  EXPECT_EQ(config.venue_faults.lose_request, 0.1);
  EXPECT_EQ(config.venue_faults.lose_reply, 0.25);
  EXPECT_EQ(config.venue_faults.duplicate, 1);
  EXPECT_EQ(config.venue_faults.late, 0.5);
  EXPECT_EQ(config.venue_faults.late_delay, Micros{5'000'000});
  EXPECT_EQ(config.venue_faults.reject, 0);
  EXPECT_EQ(config.venue_faults.move_bps, 30U);
  EXPECT_EQ(config.tokens_file, tokens);
  EXPECT_EQ(config.max_attempts, 7U);
  EXPECT_EQ(config.backoff, Micros{250'000});
  EXPECT_EQ(config.execution_concurrency, 0U);
  EXPECT_EQ(config.live_attempts_max, 8U);
  EXPECT_EQ(config.path_impact_bps, 25U);
  EXPECT_EQ(config.leg_gain_bps, 3U);
  EXPECT_EQ(config.breaker_failures, 4U);
  EXPECT_EQ(config.open_orders_max, 9U);
  EXPECT_EQ(config.connections_max, 10U);
  EXPECT_EQ(config.allowed_origins,
            (std::vector<std::string>{"https://a.example", "http://localhost:8080"}));
  EXPECT_EQ(config.allowed_hosts, (std::vector<std::string>{"a.example", "trading-box"}));
  EXPECT_EQ(config.dialects, DialectSet("AC"));
  EXPECT_EQ(config.disk_free_min_mb, 0U);
  EXPECT_EQ(config.stream_buffer_bytes_max, 1'048'576U);
  EXPECT_EQ(config.access_log, "./access.log");
  EXPECT_EQ(config.log_format, log::Format::json);
  EXPECT_EQ(config.log_level, log::Level::debug);
  EXPECT_TRUE(config.enable_test_endpoints);
  EXPECT_TRUE(config.start_halted);
  EXPECT_TRUE(config.check_config);
  const std::set<std::string> elsewhere = {
      "access-file", "insecure-open-access",        "rate-limit", "rate-limit-burst", "tls-cert",
      "tls-key",     "connections-per-address-max", "risk-file"};
  for (const auto& [key, origin] : config.origin)
    EXPECT_EQ(origin, elsewhere.contains(key) ? "default" : "flag") << key;
}

TEST_F(ConfigTest, EveryFlagOfAccessReachesItsField) {
  const std::string access = file("", "access");
  const std::string certificate = file("", "certificate");
  const std::string key = file("", "key");
  const Config config = parse({"--access-file", access, "--insecure-open-access", "--rate-limit",
                               "100", "--rate-limit-burst", "300", "--tls-cert", certificate,
                               "--tls-key", key, "--connections-per-address-max", "12"});
  EXPECT_EQ(config.access_file, access);
  EXPECT_TRUE(config.insecure_open_access);
  EXPECT_EQ(config.rate_limit, 100U);
  EXPECT_EQ(config.rate_limit_burst, 300U);
  EXPECT_EQ(config.tls_cert, certificate);
  EXPECT_EQ(config.tls_key, key);
  EXPECT_EQ(config.connections_per_address_max, 12U);
  EXPECT_EQ(parse({"--risk-file", key}).risk_file, key);
  const Config none = parse({});
  EXPECT_TRUE(none.risk_file.empty());
  EXPECT_TRUE(none.access_file.empty() && none.tls_cert.empty() && !none.insecure_open_access);
  EXPECT_EQ(none.rate_limit + none.rate_limit_burst + none.connections_per_address_max, 0U);
}

TEST_F(ConfigTest, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  const std::string path = file("max-attempts = 4\nshards = 4\nbackoff = \"4s\"\n");
  set("OEE_SHARDS", "5");
  set("OEE_BACKOFF", "5s");
  const Config config = parse({"--config", path, "--backoff", "6s"});
  EXPECT_EQ(config.backoff, Micros{6'000'000});
  EXPECT_EQ(config.origin.at("backoff"), "flag");
  EXPECT_EQ(config.shards, 5U);
  EXPECT_EQ(config.origin.at("shards"), "environment OEE_SHARDS");
  EXPECT_EQ(config.max_attempts, 4U);
  EXPECT_EQ(config.origin.at("max-attempts"), "file " + path);
  EXPECT_EQ(config.origin.at("listen"), "default");
}

TEST_F(ConfigTest, TheFileCanBeNamedInTheEnvironment) {
  set("OEE_CONFIG", file("; an INI file\nshards = 9\n", "engine.ini"));
  EXPECT_EQ(parse({}).shards, 9U);
}

TEST_F(ConfigTest, CommonVariablesAreHonouredAndYieldToOwnOnes) {
  set("DATABASE_URL", "postgres://app@db/orders");
  set("REDIS_HOST", "cache");
  Config config = parse({});
  EXPECT_EQ(config.postgres_url, "postgres://app@db/orders");
  EXPECT_EQ(config.origin.at("postgres-url"), "environment DATABASE_URL");
  EXPECT_EQ(config.redis_url, "redis://cache:6379");
  set("REDIS_PORT", "6380");
  EXPECT_EQ(parse({}).redis_url, "redis://cache:6380");
  set("REDIS_URL", "redis://other:1");
  EXPECT_EQ(parse({}).redis_url, "redis://other:1");
  set("OEE_REDIS_URL", "none");
  set("OEE_POSTGRES_URL", "postgres://own/orders");
  config = parse({});
  EXPECT_EQ(config.redis_url, "");
  EXPECT_EQ(config.postgres_url, "postgres://own/orders");
}

TEST_F(ConfigTest, HostAndPortSetOnePartOfTheAddressEach) {
  const std::string path = file("listen = \"0.0.0.0:8080\"\n");
  set("PORT", "9000");
  EXPECT_EQ(parse({}).listen_host, "127.0.0.1");
  const Config config = parse({"--config", path, "--insecure-open-access"});
  EXPECT_EQ(config.listen_host, "0.0.0.0");
  EXPECT_EQ(config.listen_port, 9000);
  EXPECT_EQ(config.origin.at("listen"), "environment PORT");
  set("HOST", "::1");
  EXPECT_EQ(parse({}).listen_host, "::1");
  EXPECT_EQ(parse({}).origin.at("listen"), "environment HOST, PORT");
  EXPECT_EQ(parse({"--listen", "127.0.0.2:1"}).listen_port, 1);
  set("PORT", "tcp://10.0.0.1:80");
  EXPECT_NE(refusal({}).find("environment HOST, PORT"), std::string::npos) << refusal({});
}

TEST_F(ConfigTest, AnEmptyVariableCountsAsUnset) {
  set("OEE_SHARDS", "");
  set("PORT", "");
  set("DATABASE_URL", "");
  const Config config = parse({});
  EXPECT_EQ(config.listen_port, 3000);
  EXPECT_EQ(config.origin.at("shards"), "default");
}

TEST_F(ConfigTest, UnknownKeysAreNamed) {
  EXPECT_NE(refusal({"--shrds", "3"}).find("--shrds"), std::string::npos);
  EXPECT_NE(refusal({"stray"}).find("stray"), std::string::npos);
  for (const char* text :
       {"shrds = 3\n", "[engine]\nshards = 3\n", "engine.shards = 3\n", "shards\n"}) {
    EXPECT_NE(refusal({"--config", file(text)}), "accepted") << text;
  }
  EXPECT_NE(refusal({"--config", file("shrds = 3\n")}).find("shrds"), std::string::npos);
  set("OEE_SHRDS", "3");
  EXPECT_NE(refusal({}).find("OEE_SHRDS"), std::string::npos);
}

TEST_F(ConfigTest, BadValuesAreRefusedInOneLineThatNamesKeyAndOrigin) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> bad = {
      {"data-dir", {file("a file", "plain")}},
      {"listen", {"3000", ":3000", "localhost", "localhost:65536", "localhost:-1", "::1:3000"}},
      {"shards", {"-1", "257", "two", "1.5", "1 ", "0x2"}},
      {"postgres-url", {"mysql://h/d", "localhost"}},
      {"redis-url", {"rediss://h", "h:6379", "redis://", "redis://h:99999"}},
      {"redis-prefix", {"a b", "oee*", "o\"", std::string(65, 'x')}},
      {"role", {"engine", "ALL"}},
      {"venue-delay", {"3s-2s", "2", "-1s", "2s-", "11m"}},
      {"quote-delay", {"fast"}},
      {"venue-seed", {"18446744073709551616"}},
      {"venue-faults",
       {"lose=1", "late=0.5", "late=0.5:x", "reject=1.1", "reject=-1", "reject=nan", "reject",
        "move=1.5", "move=20000", "reject=1,reject=1", ","}},
      {"tokens-file", {"/does/not/exist.json"}},
      {"max-attempts", {"0", "101"}},
      {"backoff", {"0ms", "2h"}},
      {"execution-concurrency", {"-5"}},
      {"open-orders-max", {"0"}},
      {"connections-max", {"0"}},
      {"allowed-origins", {"*", "example.com", "https://a.example/", "https://a.example,"}},
      {"allowed-hosts",
       {"a.example:3000", "http://a.example", "a.example,", "a.example,,b", "a b", "*", "[::1]",
        "a.example."}},
      {"dialects", {"F", "A,F", "AB", "A,", ",", "A;B", "none,A", "all,A"}},
      {"disk-free-min-mb", {"1GB"}},
      {"log-format", {"xml"}},
      {"log-level", {"verbose"}},
      {"enable-test-endpoints", {"maybe"}},
      {"access-file", {"/does/not/exist"}},
      {"access-log", {"/does/not/exist/access.log", "/tmp"}},
      {"insecure-open-access", {"yes"}},
      {"rate-limit", {"-1", "1000001", "1/s"}},
      {"rate-limit-burst", {"-1", "1000001"}},
      {"tls-cert", {"/does/not/exist.pem"}},
      {"tls-key", {"/does/not/exist.pem"}},
      {"connections-per-address-max", {"-1", "1000001"}},
  };
  for (const auto& [key, values] : bad) {
    for (const std::string& value : values) {
      const std::string message = refusal({"--" + key + "=" + value});
      EXPECT_EQ(message.find(key), 0U) << key << "=" << value << ": " << message;
      EXPECT_NE(message.find("(flag) must be"), std::string::npos) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
  }
}

TEST_F(ConfigTest, AKeyGivenTwiceIsRefused) {
  EXPECT_NE(refusal({"--shards", "1", "--shards", "2"}).find("shards"), std::string::npos);
  EXPECT_NE(refusal({"--config", file("shards = 1\nshards = 2\n")}).find("shards"),
            std::string::npos);
  EXPECT_NE(refusal({"--config", file("shards = 1\nrole = \"all\"\nshards = 1\n")}).find("twice"),
            std::string::npos);
}

TEST_F(ConfigTest, ADamagedFileIsRefused) {
  EXPECT_NE(refusal({"--config", "/does/not/exist"}).find("/does/not/exist"), std::string::npos);
  EXPECT_NE(refusal({"--config", dir_.path().string()}).find("config"), std::string::npos);
  EXPECT_NE(refusal({"--config", file("role = \"all\n")}).find("role"), std::string::npos);
  EXPECT_NE(refusal({"--config", file("data-dir = my data\n")}).find("data-dir"),
            std::string::npos);
  EXPECT_NE(refusal({"--config", file("data-dir = \"/srv/a#b\"\n")}).find("a # begins a comment"),
            std::string::npos);
  EXPECT_NE(refusal({"--config", file("shards = 3\n\x1b[31m = 4\n")}).find("line 2 contains"),
            std::string::npos);
  EXPECT_EQ(refusal({"--config", file("\xEF\xBB\xBFshards = 3\r\n")}), "accepted");
}

TEST_F(ConfigTest, AGatewayNeedsItsTwoSources) {
  EXPECT_NE(refusal({"--role", "gateway"}).find("postgres-url"), std::string::npos);
  EXPECT_NE(refusal({"--role", "gateway", "--postgres-url", "postgres://h/d"}).find("redis-url"),
            std::string::npos);
}

TEST_F(ConfigTest, AnAccessFileIsRequiredWhenOtherMachinesCanConnect) {
  const std::string access = file("", "access");
  struct Case {
    std::string listen;
    bool others;
  };
  const Case cases[] = {{"127.0.0.1:1", false}, {"127.8.9.10:1", false},   {"[::1]:1", false},
                        {"localhost:1", false}, {"0.0.0.0:1", true},       {"[::]:1", true},
                        {"10.0.0.7:1", true},   {"engine.example:1", true}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.listen);
    const std::string message = refusal({"--listen", each.listen});
    if (!each.others) {
      EXPECT_EQ(message, "accepted");
      continue;
    }
    EXPECT_EQ(message.find("listen = "), 0U) << message;
    EXPECT_NE(message.find("access-file"), std::string::npos) << message;
    EXPECT_EQ(refusal({"--listen", each.listen, "--access-file", access}), "accepted");
    EXPECT_EQ(refusal({"--listen", each.listen, "--insecure-open-access"}), "accepted");
  }
}

TEST_F(ConfigTest, DialectsAreServedOnLoopbackOnlyUnlessTheyAreNamed) {
  const std::vector<std::string> elsewhere = {"--listen", "0.0.0.0:1", "--insecure-open-access"};
  const auto with = [](std::vector<std::string> flags, const std::vector<std::string>& more) {
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  };
  const auto shown = [](const Config& config) {
    return find_config_key("dialects")->value.show(config);
  };
  EXPECT_EQ(shown(parse({})), "all");
  EXPECT_EQ(shown(parse(elsewhere)), "none");
  EXPECT_EQ(parse(elsewhere).origin.at("dialects"), "default");
  EXPECT_EQ(shown(parse({"--dialects", "none"})), "none");
  EXPECT_EQ(shown(parse(with(elsewhere, {"--dialects", "all"}))), "all");
  EXPECT_EQ(shown(parse(with(elsewhere, {"--dialects", "d,b,D"}))), "B,D");
  EXPECT_EQ(shown(parse(with(elsewhere, {"--dialects", "E,D,C,B,A"}))), "all");
  EXPECT_EQ(shown(parse({"--config", file("dialects = \"a,c\"\n")})), "A,C");
  EXPECT_EQ(shown(parse({"--config", file("dialects = [\"a\", \"c\"]\n")})), "A,C");
  const std::string unknown = refusal({"--dialects", "A,X"});
  EXPECT_NE(unknown.find("\"X\" is not a dialect"), std::string::npos) << unknown;
}

TEST_F(ConfigTest, OneAddressHasAThousandConnectionsBeyondLoopback) {
  const auto shown = [](const std::vector<std::string>& flags) {
    return parse(flags).connections_per_address_max;
  };
  EXPECT_EQ(shown({}), 0U);
  EXPECT_EQ(shown({"--listen", "[::1]:1"}), 0U);
  EXPECT_EQ(shown({"--listen", "0.0.0.0:1", "--insecure-open-access"}), 1'000U);
  EXPECT_EQ(shown({"--listen", "0.0.0.0:1", "--insecure-open-access",
                   "--connections-per-address-max", "0"}),
            0U);
  EXPECT_EQ(shown({"--connections-per-address-max", "7"}), 7U);
}

TEST_F(ConfigTest, TestEndpointsNeedTheDialectOfTheirRoutes) {
  const std::string without_c = refusal({"--enable-test-endpoints", "--dialects", "A,B,D,E"});
  EXPECT_NE(without_c.find("enable-test-endpoints needs the dialect C"), std::string::npos)
      << without_c;
  EXPECT_NE(refusal({"--enable-test-endpoints", "--listen", "0.0.0.0:1", "--insecure-open-access"}),
            "accepted");
  EXPECT_EQ(refusal({"--enable-test-endpoints", "--dialects", "C"}), "accepted");
}

TEST_F(ConfigTest, HalfOfAPairOfKeysIsRefused) {
  const std::string pem = file("", "pem");
  EXPECT_NE(refusal({"--tls-cert", pem}).find("tls-key"), std::string::npos);
  EXPECT_NE(refusal({"--tls-key", pem}).find("tls-cert"), std::string::npos);
  EXPECT_EQ(refusal({"--tls-key", pem, "--tls-cert", pem}), "accepted");
  EXPECT_NE(refusal({"--rate-limit-burst", "5"}).find("rate-limit"), std::string::npos);
}

TEST_F(ConfigTest, ANewTokenIsALineForTheFileAndASeparateSecret) {
  const auto parsed = parse_any({"--new-token", "trader:submit,read"});
  ASSERT_TRUE(parsed.ok());
  const auto& made = std::get<ConfigHelp>(*parsed);
  EXPECT_TRUE(made.text.starts_with("trader submit,read ")) << made.text;
  EXPECT_EQ(made.text.find("oee_"), std::string::npos);
  EXPECT_NE(made.message.find("oee_"), std::string::npos);
  for (const char* owner : {"", "trader", "trader:", ":read", "a b:read", "trader:admin"})
    EXPECT_NE(refusal({"--new-token", owner}).find("must be"), std::string::npos)
        << owner << ": " << refusal({"--new-token", owner});
}

TEST_F(ConfigTest, TheDescriptionIsAFileWithTheSameContent) {
  const std::vector<std::string> flags = {"--shards",
                                          "3",
                                          "--venue-faults",
                                          "lose-reply=0.125,late=0.5:5s,move=3",
                                          "--listen",
                                          "[::1]:0",
                                          "--venue-delay",
                                          "1500us-2s",
                                          "--redis-url",
                                          "redis://h:1",
                                          "--data-dir",
                                          "a directory, with a comma",
                                          "--allowed-origins",
                                          "https://a.example,https://b.example",
                                          "--allowed-hosts",
                                          "a.example,b.example",
                                          "--enable-test-endpoints"};
  const std::string path = file(describe_config(parse(flags)));
  Config again = parse({"--config", path});
  for (const auto& [key, origin] : again.origin) {
    EXPECT_EQ(origin, key == "check-config" ? "default" : "file " + path) << key;
  }
  again.origin = parse(flags).origin;
  EXPECT_EQ(describe_config(again), describe_config(parse(flags)));
}

TEST_F(ConfigTest, SettingsShowTheValuesInEffectAndTheirOrigin) {
  set("OEE_MAX_ATTEMPTS", "7");
  set("PORT", "4000");
  const std::string path = file("backoff = \"5s\"\nshards = 2\n");
  const Config config = parse({"--config", path, "--venue-delay", "0ms"});
  std::map<std::string, Setting> by_name;
  for (const Setting& setting : settings_of(config)) by_name[setting.name] = setting;
  EXPECT_EQ(by_name.size() + 1, config.origin.size());  // check-config is an action
  const std::vector<std::tuple<std::string, std::string, std::string>> expected = {
      {"max-attempts", "7", "environment OEE_MAX_ATTEMPTS"},
      {"listen", "127.0.0.1:4000", "environment PORT"},
      {"backoff", "5s", "file " + path},
      {"shards", "2", "file " + path},
      {"venue-delay", "0ms", "flag"},
      {"redis-url", "none", "default"},
  };
  for (const auto& [name, value, origin] : expected) {
    EXPECT_EQ(by_name[name].value, value) << name;
    EXPECT_EQ(by_name[name].origin, origin) << name;
  }
}

TEST_F(ConfigTest, SecretsAreNotShown) {
  const Config config = parse({"--postgres-url", "postgres://app:s3cret@db/orders?sslmode=require",
                               "--redis-url", "redis://:s3cret@cache:6379"});
  std::string text = describe_config(config);
  for (const Setting& setting : settings_of(config)) text += setting.value;
  EXPECT_EQ(text.find("s3cret"), std::string::npos) << text;
  EXPECT_NE(text.find("postgres://app:***@db/orders?sslmode=require"), std::string::npos) << text;
  EXPECT_EQ(refusal({"--postgres-url", "app:s3cret@db"}).find("s3cret"), std::string::npos);
  EXPECT_EQ(refusal({"--redis-url", "http://:s3cret@db"}).find("s3cret"), std::string::npos);
}

TEST_F(ConfigTest, MaskUrlKeepsEverythingButThePassword) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"postgres://h:5432/d", "postgres://h:5432/d"},
      {"postgres://u@h:5432/d", "postgres://u@h:5432/d"},
      {"postgres://u:p@h:5432/d", "postgres://u:***@h:5432/d"},
      {"postgres://u:p@/w@h/d", "postgres://u:***@h/d"},
      {"postgres://h/d?user=u&password=p&x=1", "postgres://h/d?user=u&password=***&x=1"},
      {"host=h password=p dbname=d", "host=h password=*** dbname=d"},
      {"host=h password='p q' dbname=d", "host=h password=*** dbname=d"},
      {"host=h password='p''", "host=h password=***"},
      {"host=::1 password='p@q r' dbname=d", "host=::1 password=*** dbname=d"},
      {R"(password='p\'q r' host=h)", "password=*** host=h"},
      {R"(password=p\ q host=h)", "password=*** host=h"},
      {"password = 'p q' host = h", "password=*** host = h"},
      {"password='p' q' host=h", "password=*** host=h"},
      {"password=p q host=h", "password=*** host=h"},
      {"password=p q=r host=h", "password=*** host=h"},
      {"password='p host=h", "password=***"},
      {"host=h password='p://q r'", "host=h password=***"},
      {"user=u sslpassword='p q' PASSWORD=r port=1", "user=u sslpassword=*** PASSWORD=*** port=1"},
      {"application_name=a://b password=p host=h", "application_name=a://b password=*** host=h"},
      {"redis://:p@h", "redis://:***@h"},
      {"redis://:p=://q@h", "redis://:***@h"},
      {"postgres://me@corp:p@h/d", "postgres://me@corp:***@h/d"},
      {"postgres://me@corp:12@h:5432/d", "postgres://me@corp:***@h:5432/d"},
      {"postgres://u@h:5432,i:5433/d?application_name=a@b",
       "postgres://u@h:5432,i:5433/d?application_name=a@b"},
      {"postgres://u:p?q@h/d", "postgres://u:***@h/d"},
      {"postgres://u:p@q?r@h/d", "postgres://u:***@h/d"},
      {"postgres://u@h:5432/d?application_name=a@b", "postgres://u@h:5432/d?application_name=a@b"},
      {"postgres://h/d?password='p q'&x=1", "postgres://h/d?password=***&x=1"},
      {"postgres://h/d?password=p&q&x=1", "postgres://h/d?password=***&x=1"},
      {"postgres://h/d?x=1&pass%77ord=p", "postgres://h/d?x=1&pass%77ord=***"},
      {"https://a.example:8443,http://b.example", "https://a.example:8443,http://b.example"},
      {"lose-request=0.1,reject=0", "lose-request=0.1,reject=0"},
      {"", ""},
  };
  for (const auto& [url, masked] : cases) EXPECT_EQ(mask_url(url), masked) << url;
}

TEST_F(ConfigTest, HelpNamesEveryKeyAndVersionIsOneLine) {
  const auto help = parse_any({"--help"});
  ASSERT_TRUE(help.ok());
  const std::string text = std::get<ConfigHelp>(*help).text;
  for (const auto& [key, origin] : parse({}).origin) {
    EXPECT_NE(text.find("--" + key), std::string::npos) << key;
  }
  EXPECT_NE(text.find("DATABASE_URL"), std::string::npos);
  const auto version = parse_any({"--version"});
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(std::get<ConfigHelp>(*version).text.find("order-engine "), 0U);
}

TEST_F(ConfigTest, TheTableOfTheDocumentHasEveryFlagAndNoOther) {
  std::set<std::string> flags = {"config", "new-token"};
  for (const ConfigKey& key : config_keys()) flags.emplace(key.name);
  std::ifstream document(std::string(OEE_SOURCE_DIR) + "/api/README.md");
  std::set<std::string> listed;
  const std::regex flag("`--([a-z-]+)");
  for (std::string line; std::getline(document, line);) {
    if (!line.starts_with("| `--")) continue;
    for (std::sregex_iterator it(line.begin(), line.end(), flag), end; it != end; ++it)
      listed.insert((*it)[1].str());
  }
  EXPECT_EQ(listed, flags);
}

}  // namespace
}  // namespace oee
