// order-load against a real engine with TLS: submits over https, the stream over wss.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/clients/certificate.h"
#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

class OrderLoadTls : public testing::Test {
 protected:
  void SetUp() override {
    const CertificateFiles files = write_certificate(dir_.path(), "server", "localhost");
    other_ = write_certificate(dir_.path(), "other", "localhost").certificate;
    certificate_ = files.certificate;
    const std::vector<std::string> flags = {"--venue-delay", "0ms",
                                            "--quote-delay", "0ms",
                                            "--tls-cert",    files.certificate.string(),
                                            "--tls-key",     files.key.string()};
    engine_.emplace(dir_.path() / "data", flags);
    engine_->launch();
    ASSERT_TRUE(EngineProcess::eventually(30, [&] {
      return engine_->log_text().find("listening") != std::string::npos;
    })) << engine_->log_text();
  }
  RunResult load(const std::string& host, std::vector<std::string> flags) {
    const std::string url = "https://" + host + ":" + std::to_string(engine_->port());
    flags.insert(flags.begin(), {program("order-load"), "--url", url, "--orders", "200",
                                 "--connections", "4", "--quiet", "--json"});
    return run(flags, 60);
  }
  TemporaryDirectory dir_;
  std::filesystem::path certificate_, other_;
  std::optional<EngineProcess> engine_;
};

TEST_F(OrderLoadTls, EveryOrderIsSubmittedAndSeenToEnd) {
  for (const auto& flags : {std::vector<std::string>{"--ca-file", certificate_.string()},
                            std::vector<std::string>{"--insecure"}}) {
    const RunResult ended = load("localhost", flags);
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    const auto report = parse_json(ended.out).as_object();
    EXPECT_EQ(report.at("accepted").to_number<int>(), 200);
    EXPECT_EQ(report.at("open").to_number<int>(), 0);
    EXPECT_EQ(report.at("endedUnseen").to_number<int>(), 0);
  }
}

TEST_F(OrderLoadTls, AServerThatIsNotTrustedGetsNoRequest) {
  struct Case {
    const char* name;
    std::string host;
    std::vector<std::string> flags;
  };
  const Case cases[] = {{"not of the system's authorities", "localhost", {}},
                        {"of another authority", "localhost", {"--ca-file", other_.string()}},
                        {"for another name", "127.0.0.1", {"--ca-file", certificate_.string()}}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const RunResult refused = load(each.host, each.flags);
    EXPECT_EQ(refused.exit_code, 6) << refused.out;
    EXPECT_NE(refused.err.find("order-load: cannot reach https://" + each.host), std::string::npos);
    EXPECT_NE(refused.err.find("certificate verify failed"), std::string::npos) << refused.err;
    EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
  }
}

TEST_F(OrderLoadTls, AnEngineWithoutTlsIsReportedAsUnreachable) {
  EngineProcess plain(dir_.path() / "plain", no_delays);
  ASSERT_NO_FATAL_FAILURE(plain.start());
  const RunResult refused =
      run({program("order-load"), "--url", "https://localhost:" + std::to_string(plain.port()),
           "--insecure", "--orders", "1"},
          60);
  EXPECT_EQ(refused.exit_code, 6) << refused.out << refused.err;
}

}  // namespace
}  // namespace oee::test
