// Access control and TLS of the real engine: tokens, roles and accounts, refusals at start, the
// changes that a SIGHUP makes while clients are connected, and the records of who sent what.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "tests/api/http/raw_client.h"
#include "tests/support/clients/certificate.h"
#include "tests/support/clients/sse_client.h"
#include "tests/support/clients/tls_client.h"
#include "tests/support/clients/ws_client.h"
#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

using Headers = std::map<std::string, std::string>;

// The output of `order-engine --new-token`: the line of the access file and the secret.
struct NewToken {
  std::string line;
  std::string secret;
};
NewToken new_token(const std::string& owner) {
  const auto made = run({program("order-engine"), "--new-token", owner});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  const std::size_t secret = made.err.find("oee_");
  EXPECT_NE(secret, std::string::npos) << made.err;
  return {made.out, made.err.substr(secret, 68)};
}
Headers bearer(const NewToken& token) {
  return {{"Authorization", "Bearer " + token.secret}};
}

class AccessStack : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.path() / name) << text;
    std::filesystem::permissions(dir_.path() / name, std::filesystem::perms::owner_read |
                                                         std::filesystem::perms::owner_write);
    return dir_.path() / name;
  }
  void copy(const CertificateFiles& from, const CertificateFiles& to) {
    const auto overwrite = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(from.certificate, to.certificate, overwrite);
    std::filesystem::copy_file(from.key, to.key, overwrite);
  }
  static std::vector<std::string> flags(const std::vector<std::string>& more) {
    std::vector<std::string> all = no_delays;
    all.insert(all.end(), {"--log-level", "info"});
    all.erase(all.begin() + 4, all.begin() + 6);  // the --log-level of no_delays
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  // Sends SIGHUP and waits until the engine's log contains `text` so many times.
  static void reload(EngineProcess& engine, const std::string& text, std::size_t times) {
    engine.child().signal(SIGHUP);
    EXPECT_TRUE(EngineProcess::eventually(10, [&] {
      return count(engine.log_text(), text) >= times;
    })) << engine.log_text();
  }
  // The lines of an access log, without those of the probes that wait for the start.
  static std::vector<boost::json::object> access_lines(const std::filesystem::path& file) {
    std::vector<boost::json::object> lines;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      boost::json::object parsed = parse_json(line).as_object();
      const auto* route = parsed.if_contains("route");
      if (route == nullptr || *route != "/readyz") lines.push_back(std::move(parsed));
    }
    return lines;
  }
  static std::string text_in(const boost::json::object& line, const char* name) {
    const auto* member = line.if_contains(name);
    return member != nullptr ? std::string(member->as_string()) : std::string("-");
  }
  static std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
  }
  TemporaryDirectory dir_;
};

TEST_F(AccessStack, AnOrderBelongsToThePrincipalWhoseTokenItCameWith) {
  const NewToken trader = new_token("trader:submit,read");
  const NewToken other = new_token("other:submit,read");
  const NewToken reader = new_token("reader:read");
  const auto file = write("access", trader.line + other.line + reader.line);
  EngineProcess engine(dir_.path() / "data", flags({"--access-file", file.string()}));
  engine.start();
  HttpClient client(engine.port());
  EXPECT_EQ(client.post("/v1/orders", order_body()).status, 401);
  EXPECT_EQ(client.post("/v1/orders", order_body(), bearer(reader)).status, 403);
  const auto place = [&](const NewToken& who) {
    Headers headers = bearer(who);
    headers["Idempotency-Key"] = "\"one key\"";
    const HttpReply reply = client.post("/v1/orders", order_body(), headers);
    EXPECT_EQ(reply.status, 202) << reply.body;
    return text_at(parse_json(reply.body), "orderId");
  };
  const std::string mine = place(trader);
  const std::string theirs = place(other);
  EXPECT_NE(mine, theirs);
  EXPECT_EQ(place(trader), mine);
  const HttpReply events = client.send("GET", "/v1/orders/" + mine + "/events", "", bearer(reader));
  EXPECT_EQ(events.status, 200);
  EXPECT_NE(events.body.find(R"("account":"trader")"), std::string::npos) << events.body;
  const std::string log = engine.log_text();
  EXPECT_EQ(engine.stop(), 0);
  for (const NewToken* each : {&trader, &other, &reader}) {
    EXPECT_EQ(log.find(each->secret), std::string::npos);
    EXPECT_EQ(log.find(each->line.substr(each->line.rfind(' ') + 1, 64)), std::string::npos);
  }
}

TEST_F(AccessStack, ASighupChangesWhoMayComeInAndABadFileChangesNothing) {
  const NewToken old = new_token("trader:submit,read");
  const NewToken young = new_token("trader:submit,read");
  const auto file = write("access", old.line);
  EngineProcess engine(dir_.path() / "data", flags({"--access-file", file.string()}));
  engine.start();
  HttpClient client(engine.port());
  const auto status = [&](const NewToken& who) {
    return client.send("GET", "/v1/orders", "", bearer(who)).status;
  };
  EXPECT_EQ(status(old), 200);
  EXPECT_EQ(status(young), 401);
  write("access", "trader submit\n");
  reload(engine, "the access file is not reloaded", 1);
  EXPECT_NE(engine.log_text().find("line 1"), std::string::npos);
  EXPECT_EQ(status(old), 200);
  write("access", young.line);
  reload(engine, "the access file is reloaded", 1);
  EXPECT_TRUE(EngineProcess::eventually(5, [&] { return status(young) == 200; }));
  EXPECT_EQ(status(old), 401);
  EXPECT_EQ(engine.stop(), 0);
}

TEST_F(AccessStack, WhatIsMissingOrBadAtStartIsOneSentenceAndExit2) {
  const auto certificate = write_certificate(dir_.path(), "a", "a.example");
  const auto other = write_certificate(dir_.path(), "b", "b.example");
  const auto bad = write("bad", "# tokens\nx read abc\n");
  const auto bad_range = write("bad-range", "x own " + std::string(64, 'a') + " from=10.0.0.1/8\n");
  struct Case {
    std::vector<std::string> flags;
    std::vector<std::string> expected;  // words of the message
  };
  const Case cases[] = {
      {{"--listen", "0.0.0.0:0"}, {"listen", "access-file", "insecure-open-access"}},
      {{"--listen", "127.0.0.1:0", "--access-file", bad.string()}, {bad.string(), "line 2"}},
      {{"--listen", "127.0.0.1:0", "--tls-cert", certificate.certificate.string()}, {"tls-key"}},
      {{"--listen", "127.0.0.1:0", "--tls-cert", certificate.certificate.string(), "--tls-key",
        other.key.string()},
       {"tls-key", other.key.string()}},
      {{"--listen", "127.0.0.1:0", "--tls-cert", bad.string(), "--tls-key", other.key.string()},
       {"tls-cert", bad.string()}},
      {{"--check-config", "--access-file", bad.string()}, {bad.string(), "line 2"}},
      {{"--check-config", "--access-file", bad_range.string()}, {bad_range.string(), "line 1"}},
      {{"--check-config", "--tls-cert", bad.string(), "--tls-key", other.key.string()},
       {"tls-cert", bad.string()}},
      {{"--new-token", "trader"}, {"NAME:ROLE"}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.expected.front());
    std::vector<std::string> argv{program("order-engine"), "--data-dir",
                                  (dir_.path() / "none").string()};
    argv.insert(argv.end(), each.flags.begin(), each.flags.end());
    const auto ended = run(argv);
    EXPECT_EQ(ended.exit_code, 2) << ended.err;
    for (const std::string& word : each.expected)
      EXPECT_NE(ended.err.find(word), std::string::npos) << ended.err;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  }
}

TEST_F(AccessStack, AnOpenPortElsewhereTakesTheExplicitSwitch) {
  const auto ended = run({program("order-engine"), "--check-config", "--listen", "0.0.0.0:3000",
                          "--insecure-open-access"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("insecure-open-access = true"), std::string::npos) << ended.out;
}

TEST_F(AccessStack, ASighupChangesTheCertificateUnderLoadAndOpenConnectionsGoOn) {
  const CertificateFiles first = write_certificate(dir_.path(), "first", "first.example");
  const CertificateFiles second = write_certificate(dir_.path(), "second", "second.example");
  const CertificateFiles live{dir_.path() / "live.crt", dir_.path() / "live.key"};
  copy(first, live);
  EngineProcess engine(dir_.path() / "data", flags({"--tls-cert", live.certificate.string(),
                                                    "--tls-key", live.key.string()}));
  engine.launch();
  ASSERT_TRUE(EngineProcess::eventually(30, [&] {
    return engine.log_text().find("listening") != std::string::npos;
  })) << engine.log_text();
  const std::string request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  TlsClient kept(engine.port());
  EXPECT_EQ(kept.server(), "first.example");
  SecureWsClient socket(engine.port());
  ASSERT_TRUE(socket.open());

  std::atomic<bool> stop{false};
  std::atomic<int> answered{0};
  std::atomic<int> lost{0};
  std::thread load([&] {
    while (!stop) {
      TlsClient client(engine.port());
      client.send(request);
      ++(client.response().starts_with("HTTP/1.1 ") ? answered : lost);
    }
  });
  std::ofstream(live.certificate) << "broken\n";
  reload(engine, "the certificate is not reloaded", 1);
  EXPECT_EQ(TlsClient(engine.port()).server(), "first.example");
  copy(second, live);
  reload(engine, "the certificate is reloaded", 1);
  EXPECT_TRUE(EngineProcess::eventually(
      5, [&] { return TlsClient(engine.port()).server() == "second.example"; }));
  stop = true;
  load.join();
  EXPECT_GT(answered, 0);
  EXPECT_EQ(lost, 0);

  EXPECT_NE(socket.ask(R"({"type":"ping"})").find("pong"), std::string::npos);
  kept.send(request);
  EXPECT_TRUE(kept.response().starts_with("HTTP/1.1 200"));
  HttpClient plain(engine.port());
  EXPECT_EQ(plain.get("/healthz").status, 400);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

// The database and Redis do not exist.
TEST_F(AccessStack, StrangersGetTheStateInWordsAndReadersTheServers) {
  const NewToken reader = new_token("reader:read");
  const auto file = write("access", reader.line);
  const std::vector<std::string> stores = {"--postgres-url", "postgresql://dbuser:pw@127.0.0.1:1/d",
                                           "--redis-url", "redis://redisuser:pw@127.0.0.1:1"};
  EngineProcess guarded(dir_.path() / "guarded",
                        flags(joined(stores, {"--access-file", file.string()})));
  guarded.start(false);
  EngineProcess own(dir_.path() / "own", flags(stores));
  own.start(false);
  const std::uint16_t open_port = free_port();
  const auto open_log = dir_.path() / "open.log";
  ChildProcess open(joined({program("order-engine"), "--insecure-open-access", "--listen",
                            "0.0.0.0:" + std::to_string(open_port), "--data-dir",
                            (dir_.path() / "open").string()},
                           flags(stores)),
                    open_log);
  const auto body = [](std::uint16_t port, const std::string& path, const Headers& headers = {}) {
    return HttpClient(port).send("GET", path, "", headers).body;
  };
  const auto names_a_server = [](const std::string& text) {
    return text.find("127.0.0.1") != text.npos || text.find("user") != text.npos;
  };
  for (const std::uint16_t port : {guarded.port(), own.port(), open_port}) {
    const Headers headers = port == guarded.port() ? bearer(reader) : Headers{};
    EXPECT_TRUE(EngineProcess::eventually(20, [&] {
      const std::string text = body(port, "/readyz", headers);
      return text.find("redis") != text.npos &&
             (text.find("read model") != text.npos || text.find("postgres") != text.npos);
    })) << body(port, "/readyz", headers);
  }
  for (const char* path : {"/health", "/readyz"}) {
    SCOPED_TRACE(path);
    EXPECT_FALSE(names_a_server(body(guarded.port(), path))) << body(guarded.port(), path);
    EXPECT_NE(body(guarded.port(), path).find("redis is unavailable"), std::string::npos);
    EXPECT_TRUE(names_a_server(body(guarded.port(), path, bearer(reader))));
    EXPECT_TRUE(names_a_server(body(own.port(), path)));
    EXPECT_FALSE(names_a_server(body(open_port, path))) << body(open_port, path);
  }
  EXPECT_EQ(parse_json(body(guarded.port(), "/health")).as_object().size(), 2U);
  EXPECT_NE(body(guarded.port(), "/health", bearer(reader)).find("headHash"), std::string::npos);
  EXPECT_NE(body(open_port, "/health").find("headHash"), std::string::npos);
  EXPECT_EQ(guarded.stop(), 0);
  EXPECT_EQ(own.stop(), 0);
  open.signal(SIGTERM);
  EXPECT_EQ(open.wait(12), 0);
}

TEST_F(AccessStack, EveryAnswerIsALineOfTheAccessLogAndARefusalAWarning) {
  const NewToken reader = new_token("reader:read");
  const NewToken trader = new_token("trader:submit");
  const auto file = write("access", reader.line + trader.line);
  const auto access_log = dir_.path() / "access.log";
  EngineProcess engine(dir_.path() / "data", flags({"--access-file", file.string(), "--access-log",
                                                    access_log.string(), "--rate-limit", "1000"}));
  engine.start();
  HttpClient client(engine.port());
  EXPECT_EQ(client.post("/v1/orders", order_body(), bearer(trader)).status, 202);
  EXPECT_EQ(client.get("/v1/orders").status, 401);
  EXPECT_EQ(client.send("GET", "/v1/orders?limit=5", "", bearer(trader)).status, 403);
  const HttpReply page = client.send("GET", "/v1/orders?limit=5", "", bearer(reader));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(client.send("GET", "/none%1b/x?token=oee_hidden", "", {}).status, 404);
  RawClient raw(engine.port());
  raw.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(raw.response().value_or(RawResponse{}).status, 400);
  const auto upgrade = [&](const std::string& target, const NewToken& token) {
    WsClientOptions options;
    options.target = target;
    options.headers = {{"Authorization", "Bearer " + token.secret}};
    return WsClient(engine.port(), options).http_status();
  };
  EXPECT_EQ(upgrade("/ws", reader), 101);
  EXPECT_EQ(upgrade("/ws?access_token=oee_hidden", trader), 403);
  EXPECT_EQ(upgrade("/order/hostile-id", trader), 403);
  EXPECT_EQ(engine.stop(), 0);
  const std::string log = engine.log_text();

  struct Expected {
    std::string method, route, path;
    int status;
    std::string token;
  };
  const Expected expected[] = {
      {"POST", "/v1/orders", "/v1/orders", 202, "trader"},
      {"GET", "/v1/orders", "/v1/orders", 401, "-"},
      {"GET", "/v1/orders", "/v1/orders", 403, "trader"},
      {"GET", "/v1/orders", "/v1/orders", 200, "reader"},
      {"GET", "other", "/none%1b/x", 404, "-"},
      {"-", "-", "-", 400, "-"},
      {"GET", "/ws", "/ws", 101, "reader"},
      {"GET", "/ws", "/ws", 403, "trader"},
      {"GET", "/order/", "/order/hostile-id", 403, "trader"},
  };
  const auto lines = access_lines(access_log);
  ASSERT_EQ(lines.size(), std::size(expected));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(text_in(lines[i], "method"), expected[i].method);
    EXPECT_EQ(text_in(lines[i], "route"), expected[i].route);
    EXPECT_EQ(text_in(lines[i], "path"), expected[i].path);
    EXPECT_EQ(lines[i].at("status"), expected[i].status);
    EXPECT_EQ(text_in(lines[i], "token"), expected[i].token);
    EXPECT_EQ(text_in(lines[i], "address"), "127.0.0.1");
    EXPECT_NE(text_in(lines[i], "requestId"), "-");
    EXPECT_GE(lines[i].at("micros").as_int64(), 0);
  }
  EXPECT_EQ(lines[3].at("bytes"), page.body.size());
  EXPECT_EQ(text_in(lines[3], "requestId"), page.headers.at("x-request-id"));

  EXPECT_EQ(count(log, "a request is refused"), 4U) << log;
  EXPECT_NE(log.find("status=403 address=127.0.0.1 method=GET route=/order/ request="), log.npos)
      << log;
  EXPECT_NE(log.find("status=401 address=127.0.0.1 method=GET route=/v1/orders request=" +
                     text_in(lines[1], "requestId") + " token=none"),
            log.npos)
      << log;
  for (const std::string& hidden : {std::string("oee_"), std::string("hostile"), reader.secret})
    EXPECT_EQ(log.find(hidden), log.npos) << log;
}

TEST_F(AccessStack, ASighupReopensTheAccessLogAfterItsRotation) {
  const auto access_log = dir_.path() / "access.log";
  EngineProcess engine(dir_.path() / "data", flags({"--access-log", access_log.string()}));
  engine.start();
  HttpClient client(engine.port());
  EXPECT_EQ(client.get("/v1/events").status, 200);
  std::filesystem::rename(access_log, dir_.path() / "access.log.1");
  EXPECT_EQ(client.get("/v1/config").status, 200);
  EXPECT_TRUE(EngineProcess::eventually(
      5, [&] { return access_lines(dir_.path() / "access.log.1").size() == 2; }));
  reload(engine, "the access log is reopened", 1);
  EXPECT_EQ(client.get("/healthz").status, 200);
  EXPECT_EQ(engine.stop(), 0);
  const auto before = access_lines(dir_.path() / "access.log.1");
  const auto after = access_lines(access_log);
  ASSERT_EQ(before.size(), 2U);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(text_in(before[1], "route"), "/v1/config");
  EXPECT_EQ(text_in(after[0], "route"), "/healthz");
}

// The reader of the pipe never reads: it is a disk that does not end a write.
TEST_F(AccessStack, ABlockedAccessLogNeitherDelaysOrdersNorTheStop) {
  const auto pipe = dir_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  EngineProcess engine(dir_.path() / "data", flags({"--access-log", pipe.string()}));
  engine.start();
  HttpClient client(engine.port());
  const auto dropped = [&client] {
    const std::string metrics = client.get("/metrics").body;
    const std::string name = "oee_access_log_lines_total{result=\"dropped\"} ";
    const std::size_t at = metrics.find(name);
    EXPECT_NE(at, metrics.npos);
    return at == metrics.npos ? 0 : std::stod(metrics.substr(at + name.size()));
  };
  for (int batch = 0; batch < 40 && dropped() == 0; ++batch)
    for (int i = 0; i < 500; ++i) ASSERT_EQ(client.get("/healthz").status, 200);
  EXPECT_GT(dropped(), 0);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_TRUE(EngineProcess::eventually(15, [&] {
    return count(engine.log_text(), "lines of the access log are dropped") > 0;
  })) << engine.log_text();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  ::close(reader);
}

TEST_F(AccessStack, AFailedHandshakeIsAWarningAndAnEarlyDisconnectIsNot) {
  const auto certificate = write_certificate(dir_.path(), "a", "a.example");
  EngineProcess engine(dir_.path() / "data", flags({"--tls-cert", certificate.certificate.string(),
                                                    "--tls-key", certificate.key.string()}));
  engine.launch();
  ASSERT_TRUE(EngineProcess::eventually(30, [&] {
    return count(engine.log_text(), "listening") == 1;
  })) << engine.log_text();
  TlsClientOptions old;
  old.version_max = TLS1_1_VERSION;
  EXPECT_FALSE(TlsClient(engine.port(), old).open());
  { RawClient probe(engine.port()); }
  RawClient plain(engine.port());
  plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(plain.response().value_or(RawResponse{}).status, 400);
  EXPECT_TRUE(TlsClient(engine.port()).open());
  EXPECT_TRUE(EngineProcess::eventually(5, [&] {
    return count(engine.log_text(), "a TLS handshake failed address=127.0.0.1 why=") == 2;
  })) << engine.log_text();
  EXPECT_NE(engine.log_text().find("plain text"), std::string::npos);
  EXPECT_EQ(engine.stop(), 0);
}

TEST_F(AccessStack, RefusalsBeyondTenAreCounted) {
  const auto file = write("access", new_token("reader:read").line);
  EngineProcess engine(dir_.path() / "data", flags({"--access-file", file.string()}));
  engine.start();
  HttpClient client(engine.port());
  for (int i = 0; i < 300; ++i) ASSERT_EQ(client.get("/v1/orders").status, 401);
  EXPECT_TRUE(EngineProcess::eventually(25, [&] {
    return count(engine.log_text(), "more callers were refused than the warnings show") > 0;
  })) << engine.log_text();
  EXPECT_LE(count(engine.log_text(), "status=401"), 20U);  // of one window, or of two
  EXPECT_EQ(engine.stop(), 0);
}

// A new ticket; empty: refused.
std::string ticket_of(HttpClient& client, const Headers& headers) {
  const HttpReply reply = client.post("/v1/stream-tickets", "", headers);
  if (reply.status != 201) return "";
  return text_at(parse_json(reply.body), "ticket");
}
int ws_status(const EngineProcess& engine, const std::string& target) {
  WsClientOptions options;
  options.target = target;
  return WsClient(engine.port(), options).http_status();
}

TEST_F(AccessStack, ATicketOpensOneStreamOfATokenThatMayRead) {
  const NewToken reader = new_token("reader:read");
  const NewToken trader = new_token("trader:submit");
  const auto file = write("access", reader.line + trader.line);
  std::vector<std::string> all = no_delays;
  all.back() = "debug";
  EngineProcess engine(dir_.path() / "data",
                       joined(all, {"--access-file", file.string(), "--shards", "3"}));
  engine.start();
  HttpClient client(engine.port());
  const HttpReply placed = client.post("/v1/orders", order_body(), bearer(trader));
  const std::string order = text_at(parse_json(placed.body), "orderId");
  EXPECT_EQ(client.post("/v1/stream-tickets", "").status, 401);
  EXPECT_EQ(client.post("/v1/stream-tickets", "", bearer(trader)).status, 403);
  const std::string stream = "/v1/stream?channel=orders&after=0&ticket=";
  std::vector<std::string> tickets;
  const auto ticket = [&] { return tickets.emplace_back(ticket_of(client, bearer(reader))); };
  for (int i = 0; i < 12; ++i) {  // connections come to every shard
    SseClient opened(engine.port(), stream + ticket());
    ASSERT_EQ(opened.status(), 200);
    EXPECT_EQ(opened.next_event().value_or(SseEvent{}).name, "subscribed");
    EXPECT_EQ(SseClient(engine.port(), stream + tickets.back()).status(), 401);
    EXPECT_EQ(ws_status(engine, "/ws?ticket=" + ticket()), 101);
    EXPECT_EQ(ws_status(engine, "/ws?ticket=" + tickets.back()), 401);
  }
  EXPECT_EQ(ws_status(engine, "/ws?orderId=" + order + "&ticket=" + ticket()), 101);
  EXPECT_EQ(ws_status(engine, "/order/" + order + "?ticket=" + ticket()), 101);
  EXPECT_EQ(ws_status(engine, "/api/orders/execute?ticket=" + ticket()), 101);

  // Tickets open streams only, alone, and as they were made.
  EXPECT_EQ(client.get("/v1/orders?ticket=" + ticket()).status, 401);
  EXPECT_EQ(client.send("GET", stream + ticket(), "", bearer(reader)).status, 401);
  for (const std::string& other : {std::string(), reader.secret, tickets.back() + "0",
                                   "oeet_" + std::string(64, '0'), std::string(300, 'x')})
    EXPECT_EQ(client.get(stream + other).status, 401) << other;
  EXPECT_EQ(SseClient(engine.port(), stream + tickets.back()).status(), 401);

  EXPECT_EQ(engine.stop(), 0);
  std::ifstream log(engine.output());
  const std::string text{std::istreambuf_iterator<char>(log), {}};
  EXPECT_NE(text.find("listening"), std::string::npos);
  for (const std::string& each : tickets) {
    ASSERT_EQ(each.size(), 69U);
    EXPECT_EQ(text.find(each.substr(0, 20)), std::string::npos);
  }
}

TEST_F(AccessStack, TheAccessLogHasTheNameOfTheTokenThatMadeATicket) {
  const NewToken reader = new_token("reader:read");
  const auto file = write("access", reader.line);
  const auto access_log = dir_.path() / "access.log";
  EngineProcess engine(dir_.path() / "data", flags({"--access-file", file.string(), "--access-log",
                                                    access_log.string()}));
  engine.start();
  HttpClient client(engine.port());
  const std::string stream = "/v1/stream?channel=orders&ticket=";
  const std::string ticket = ticket_of(client, bearer(reader));
  EXPECT_EQ(SseClient(engine.port(), stream + ticket).status(), 200);
  EXPECT_EQ(client.get(stream + ticket).status, 401);
  EXPECT_EQ(client.get("/v1/stream?ticket=" + ticket_of(client, bearer(reader))).status, 422);
  EXPECT_EQ(ws_status(engine, "/ws?ticket=" + ticket_of(client, bearer(reader))), 101);
  EXPECT_EQ(engine.stop(), 0);
  std::vector<std::string> opened;
  for (const boost::json::object& line : access_lines(access_log))
    if (text_in(line, "method") == "GET")
      opened.push_back(text_in(line, "route") + " " + std::to_string(line.at("status").as_int64()) +
                       " " + text_in(line, "token"));
  EXPECT_EQ(opened, (std::vector<std::string>{"/v1/stream 200 reader", "/v1/stream 401 -",
                                              "/v1/stream 422 reader", "/ws 101 reader"}));
}

TEST_F(AccessStack, ATicketAndItsStreamEndWithTheToken) {
  const NewToken leaver = new_token("leaver:read");
  const NewToken stays = new_token("stays:read");
  const auto file = write("access", leaver.line + stays.line);
  EngineProcess engine(dir_.path() / "data", flags({"--access-file", file.string()}));
  engine.start();
  HttpClient client(engine.port());
  const std::string stream = "/v1/stream?channel=orders&ticket=";
  SseClient ends(engine.port(), stream + ticket_of(client, bearer(leaver)));
  ASSERT_EQ(ends.status(), 200);
  EXPECT_EQ(ends.next_event().value_or(SseEvent{}).name, "subscribed");
  const std::string unused = ticket_of(client, bearer(leaver));
  const std::string good = ticket_of(client, bearer(stays));
  ASSERT_FALSE(unused.empty());
  write("access", stays.line);
  reload(engine, "the access file is reloaded", 1);
  auto event = ends.next_event();
  while (event && event->name != "close") event = ends.next_event();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(text_at(parse_json(event->data), "code"), "unauthorized");
  EXPECT_EQ(client.get(stream + unused).status, 401);
  EXPECT_EQ(SseClient(engine.port(), stream + good).status(), 200);
  EXPECT_EQ(engine.stop(), 0);
}

TEST_F(AccessStack, TheTicketsOfOneTokenAreLimited) {
  const NewToken many = new_token("many:read");
  const NewToken other = new_token("other:read");
  const auto file = write("access", many.line + other.line);
  EngineProcess engine(dir_.path() / "data", flags({"--access-file", file.string()}));
  engine.start();
  HttpClient client(engine.port());
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000; ++i) ASSERT_FALSE(ticket_of(client, bearer(many)).empty()) << i;
  const HttpReply refused = client.post("/v1/stream-tickets", "", bearer(many));
  ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(29));
  EXPECT_EQ(refused.status, 429) << refused.body;
  EXPECT_EQ(refused.headers.count("retry-after"), 1U);
  EXPECT_FALSE(ticket_of(client, bearer(other)).empty());
  EXPECT_EQ(engine.stop(), 0);
}

TEST_F(AccessStack, WithoutAnAccessFileATicketIsMadeAndNotNeeded) {
  EngineProcess engine(dir_.path() / "data", no_delays);
  engine.start();
  HttpClient client(engine.port());
  const std::string ticket = ticket_of(client, {});
  EXPECT_EQ(ticket.size(), 69U);
  for (const std::string& each : {ticket, ticket, std::string("x")}) {
    EXPECT_EQ(SseClient(engine.port(), "/v1/stream?channel=orders&ticket=" + each).status(), 200);
    EXPECT_EQ(ws_status(engine, "/ws?ticket=" + each), 101);
  }
  EXPECT_EQ(engine.stop(), 0);
}

}  // namespace
}  // namespace oee::test
