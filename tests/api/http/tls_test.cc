// TLS of the HTTP server: real handshakes, real files.
#include "api/http/tls.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "tests/api/http/http_fixture.h"
#include "tests/support/clients/certificate.h"
#include "tests/support/clients/tls_client.h"
#include "tests/support/process/servers.h"

namespace oee::test {
namespace {

std::string get(const std::string& target, const std::string& more = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n";
}

class Tls : public testing::Test {
 protected:
  static std::shared_ptr<TlsContext> load(const CertificateFiles& files) {
    const auto loaded = load_tls(files.certificate, files.key);
    EXPECT_TRUE(loaded.ok()) << loaded.error().detail;
    return *loaded;
  }
  CertificateFiles certificate(const std::string& name) {
    return write_certificate(dir_.path(), name, name + ".example");
  }
  std::filesystem::path file(const std::string& name, const std::string& text) {
    std::ofstream(dir_.path() / name) << text;
    return dir_.path() / name;
  }
  TemporaryDirectory dir_;
};

TEST_F(Tls, ServesRequestsOnOneConnection) {
  TestServer server;
  server.server().set_tls(load(certificate("first")));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClientOptions options;
    options.version_max = version;
    TlsClient client(server.port(), options);
    ASSERT_TRUE(client.open());
    EXPECT_EQ(client.version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    EXPECT_EQ(client.server(), "first.example");
    for (int i = 0; i < 3; ++i) {
      client.send(get("/" + std::to_string(i)));
      EXPECT_NE(client.response().find("GET /" + std::to_string(i) + " h"), std::string::npos);
    }
  }
}

TEST_F(Tls, AnAnswerOfManyRecordsArrivesWhole) {
  TestServer server;
  server.server().set_tls(load(certificate("first")));
  TlsClient client(server.port());
  client.send(get("/big"));
  EXPECT_GT(client.response().size(), std::size_t{4} << 20);
}

TEST_F(Tls, SendsCloseNotifyBeforeItCloses) {
  TestServer server;
  server.server().set_tls(load(certificate("first")));
  TlsClient client(server.port());
  client.send(get("/", "Connection: close\r\n"));
  EXPECT_NE(client.response().find("200 OK"), std::string::npos);
  EXPECT_TRUE(client.ends_in_order());
}

TEST_F(Tls, OldVersionsAreRefused) {
  TestServer server;
  server.server().set_tls(load(certificate("first")));
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    TlsClientOptions options;
    options.version_max = version;
    EXPECT_FALSE(TlsClient(server.port(), options).open());
  }
  EXPECT_TRUE(server.reaches(0));
}

TEST_F(Tls, AlpnSelectsOnlyHttp11) {
  TestServer server;
  server.server().set_tls(load(certificate("first")));
  TlsClientOptions both;
  both.alpn = "\x02h2\x08http/1.1";
  TlsClient client(server.port(), both);
  ASSERT_TRUE(client.open());
  EXPECT_EQ(client.protocol(), "http/1.1");
  TlsClientOptions other;
  other.alpn = "\x02h2";
  EXPECT_FALSE(TlsClient(server.port(), other).open());
}

TEST_F(Tls, AClientWithoutTlsGetsAPlainRefusal) {
  TestServer server;
  server.server().set_tls(load(certificate("first")));
  RawClient client(server.port());
  client.send(get("/"));
  const auto response = client.response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 400);
  EXPECT_NE(response->body.find("tls_required"), std::string::npos) << response->body;
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(server.reaches(0));
}

TEST_F(Tls, AFullServerRefusesOverTls) {
  HttpLimits limits;
  limits.connections_max = 1;
  TestServer server(limits);
  server.server().set_tls(load(certificate("first")));
  TlsClient kept(server.port());
  kept.send(get("/"));
  EXPECT_TRUE(kept.response().starts_with("HTTP/1.1 200"));
  TlsClient extra(server.port());
  EXPECT_TRUE(extra.response().starts_with("HTTP/1.1 503"));
}

TEST_F(Tls, AHandshakeThatDoesNotEndIsCutOff) {
  HttpLimits limits;
  limits.handshake_timeout = std::chrono::seconds(1);
  TestServer server(limits);
  server.server().set_tls(load(certificate("first")));
  struct Case {
    const char* name;
    std::string bytes;
  };
  const Case cases[] = {{"silent", ""},
                        {"begins a record", std::string("\x16\x03\x01", 3)},
                        {"no record", std::string("\x16", 1) + std::string(64, 'x')}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    RawClient client(server.port());
    client.send(each.bytes);
    EXPECT_TRUE(client.ends(4));
    EXPECT_TRUE(server.reaches(0));
  }
}

TEST_F(Tls, ANewCertificateIsForNewConnections) {
  TestServer server;
  server.server().set_tls(load(certificate("first")));
  TlsClient old(server.port());
  ASSERT_TRUE(old.open());
  server.server().set_tls(load(certificate("second")));
  TlsClient young(server.port());
  EXPECT_EQ(young.server(), "second.example");
  old.send(get("/still"));
  EXPECT_NE(old.response().find("GET /still"), std::string::npos);
  EXPECT_EQ(old.server(), "first.example");
}

TEST_F(Tls, CertificatesChangeUnderLoadWithoutALostRequest) {
  TestServer server;
  const auto first = load(certificate("first"));
  const auto second = load(certificate("second"));
  server.server().set_tls(first);
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0};
  std::atomic<int> lost{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&] {
      while (!stop) {
        TlsClient client(server.port());
        client.send(get("/x"));
        const bool got = client.response().find("GET /x") != std::string::npos;
        ++(got ? answered : lost);
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    server.server().set_tls(i % 2 == 0 ? second : first);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  stop = true;
  for (std::thread& client : clients) client.join();
  EXPECT_GT(answered, 10);
  EXPECT_EQ(lost, 0);
}

TEST_F(Tls, BadFilesAreRefusedByName) {
  const CertificateFiles good = certificate("good");
  const CertificateFiles other = certificate("other");
  struct Case {
    const char* name;
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::string said;
  };
  const Case cases[] = {
      {"no certificate", dir_.path() / "none.crt", good.key, "tls-cert"},
      {"no key", good.certificate, dir_.path() / "none.key", "tls-key"},
      {"empty certificate", file("empty.crt", ""), good.key, "tls-cert"},
      {"a key for a certificate", good.key, good.key, "tls-cert"},
      {"a certificate for a key", good.certificate, good.certificate, "tls-key"},
      {"another's key", good.certificate, other.key, "tls-key"},
      {"text", file("text.crt", "hello\n"), good.key, "tls-cert"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const auto loaded = load_tls(each.certificate, each.key);
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, Errc::invalid);
    EXPECT_TRUE(loaded.error().detail.starts_with(each.said)) << loaded.error().detail;
  }
}

}  // namespace
}  // namespace oee::test
