// order-load against an engine or the bare server, and the bare servers themselves
// (bench_ceiling.cc) as child processes. One thread.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/process/servers.h"

namespace oee::bench {

// Runs order-load and returns its results. Throws unless its exit code is 0.
boost::json::object run_load(const std::string& url, const std::vector<std::string>& flags);

std::string seconds_text(double seconds);  // in order-load's format
double number_at(const boost::json::object& json, const char* key);
double number_at(const boost::json::object& json, const char* key, const char* inner);

// Figure 1's load: 128 connections, a key for each order, submission only; for `seconds` or for
// `orders`.
std::vector<std::string> accept_load(double seconds);
std::vector<std::string> accept_load_of(std::uint64_t orders);
// A closed loop of `open` orders over 256 connections, each of which waits for its 202. With
// order-load's default of 64 connections at most 175 orders were in the engine at a time,
// independent of `open`.
std::vector<std::string> open_load(std::uint64_t open);
// An open loop, submission only.
std::vector<std::string> paced_load(double rate, double seconds);

class BareServer {
 public:
  // `kind`: "http", or "ws" with the file of the frames that it sends.
  BareServer(const std::string& kind, unsigned threads, const std::filesystem::path& frames = {});
  std::uint16_t port() const { return port_; }
  std::string url() const;

 private:
  std::uint16_t port_;
  test::ChildProcess child_;
};

// Answers/s of the bare HTTP server under figure 1's load.
double bare_http_rate(unsigned threads, double seconds);

}  // namespace oee::bench
