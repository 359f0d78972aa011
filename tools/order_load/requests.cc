#include "tools/order_load/requests.h"

#include <unistd.h>

#include <random>

namespace oee::load {

namespace {

constexpr std::size_t key_digits = 12;

// The decimal number without its point.
std::uint64_t digits_of(const std::string& text) {
  std::uint64_t digits = 0;
  for (const char c : text)
    if (c != '.') digits = digits * 10 + static_cast<std::uint64_t>(c - '0');
  return digits;
}

// Replaces the digits of these `size` bytes. A point stays where it is.
void put_digits(char* at, std::size_t size, std::uint64_t digits) {
  for (std::size_t i = size; i-- > 0;) {
    if (at[i] == '.') continue;
    at[i] = static_cast<char>('0' + digits % 10);
    digits /= 10;
  }
}

// A header line that follows another one; empty: no token.
std::string authorization(const Options& options) {
  return options.token.empty() ? "" : "\r\nAuthorization: Bearer " + options.token;
}

}  // namespace

std::string host_header(const Options& options) {
  const bool ipv6 = options.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

Requests::Requests(const Options& options)
    : keys_(options.keys),
      limit_percent_(options.limit_percent),
      price_size_(options.limit_price.size()),
      twap_percent_(options.twap_percent),
      lookup_tail_(" HTTP/1.1\r\nHost: " + host_header(options) + authorization(options) +
                   "\r\n\r\n") {
  // The log keeps keys for ever, so every run has keys of its own.
  const std::uint64_t run =
      (std::uint64_t{std::random_device{}()} << 20) ^ static_cast<std::uint64_t>(getpid());
  market_ = submit_of(options, run, "");
  const std::string price = R"("limitPrice":")";
  limit_ = submit_of(options, run, R"(,"type":"limit",)" + price + options.limit_price + "\"");
  limit_.price_at = limit_.bytes.find(price) + price.size();
  twap_ = submit_of(options, run, R"(,"type":"twap","slices":4,"interval":"1s")");
  if (options.limit_price_max.empty()) return;
  price_low_ = digits_of(options.limit_price);
  prices_ = digits_of(options.limit_price_max) - price_low_ + 1;
}

Requests::Submit Requests::submit_of(const Options& options, std::uint64_t run,
                                     const std::string& terms) const {
  std::string body = R"({"inputToken":")" + options.input_token + R"(","outputToken":")" +
                     options.output_token + R"(","amount":")" + options.amount + "\"" + terms;
  std::size_t key_in_body = 0;
  if (keys_) {
    body += R"(,"clientOrderId":"load-)" + std::to_string(run) + "-";
    key_in_body = body.size();
    body += std::string(key_digits, '0') + "\"";
  }
  body += "}";
  const std::string head =
      "POST /v1/orders HTTP/1.1\r\nHost: " + host_header(options) + authorization(options) +
      "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n";
  return {head + body, head.size() + key_in_body};
}

std::string_view Requests::submit(std::uint64_t index) {
  const std::uint64_t hundredth = index % 100;
  Submit& submit = hundredth < limit_percent_                   ? limit_
                   : hundredth < limit_percent_ + twap_percent_ ? twap_
                                                                : market_;
  if (keys_) put_digits(&submit.bytes[submit.key_digits_at], key_digits, index);
  if (&submit == &limit_ && prices_ > 0) {
    // Neighbours in time are far apart in price (Knuth's multiplicative hash).
    const std::uint64_t step = (index * 0x9E3779B97F4A7C15ULL) >> 11;
    put_digits(&submit.bytes[submit.price_at], price_size_, price_low_ + step % prices_);
  }
  return submit.bytes;
}

std::string Requests::lookup(const OrderId& id) const {
  return "GET /v1/orders/" + to_text(id) + lookup_tail_;
}

}  // namespace oee::load
