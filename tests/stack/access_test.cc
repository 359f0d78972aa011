// Access control and TLS of the real engine: tokens, roles and accounts, refusals at start, and the
// changes that a SIGHUP makes while clients are connected.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "tests/support/clients/certificate.h"
#include "tests/support/clients/tls_client.h"
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
  // Sends SIGHUP and waits until the engine's log contains `text` `count` times.
  static void reload(EngineProcess& engine, const std::string& text, int count) {
    engine.child().signal(SIGHUP);
    EXPECT_TRUE(EngineProcess::eventually(10, [&] {
      const std::string log = engine.log_text();
      int found = 0;
      for (std::size_t at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++found;
      return found >= count;
    })) << engine.log_text();
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

}  // namespace
}  // namespace oee::test
