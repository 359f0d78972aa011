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
      mix_(options.mix),
      lookup_tail_(" HTTP/1.1\r\nHost: " + host_header(options) + authorization(options) +
                   "\r\n\r\n") {
  // The log keeps keys for ever, so every run has keys of its own.
  const std::uint64_t run =
      (std::uint64_t{std::random_device{}()} << 20) ^ static_cast<std::uint64_t>(getpid());
  submits_ = {
      submit_of(options, run, ""),
      priced_submit_of(options, run, R"(,"type":"limit")", "limitPrice", options.limit_price),
      priced_submit_of(options, run, R"(,"type":"stop")", "triggerPrice", options.trigger_price),
      submit_of(options, run, R"(,"type":"sniper")"),
      submit_of(options, run, R"(,"type":"twap","slices":4,"interval":"1s")"),
      submit_of(options, run, R"(,"outputAmount":")" + options.output_amount + "\"", "maxInput"),
  };
}

Requests::Submit Requests::priced_submit_of(const Options& options, std::uint64_t run,
                                            const std::string& terms, const std::string& member,
                                            const PriceRange& price) const {
  const std::string name = ",\"" + member + "\":\"";
  Submit submit = submit_of(options, run, terms + name + price.low + "\"");
  submit.price_at = submit.bytes.find(name) + name.size();
  submit.price_size = price.low.size();
  if (price.high.empty()) return submit;
  submit.price_low = digits_of(price.low);
  submit.prices = digits_of(price.high) - submit.price_low + 1;
  return submit;
}

Requests::Submit Requests::submit_of(const Options& options, std::uint64_t run,
                                     const std::string& terms, const std::string& amount) const {
  std::string body = R"({"inputToken":")" + options.input_token + R"(","outputToken":")" +
                     options.output_token + "\",\"" + amount + "\":\"" + options.amount + "\"" +
                     terms;
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
  Submit submit;
  submit.bytes = head + body;
  submit.key_digits_at = head.size() + key_in_body;
  return submit;
}

std::string_view Requests::submit(std::uint64_t index) {
  std::size_t kind = 0;
  for (std::uint64_t hundredth = index % 100; hundredth >= mix_[kind]; ++kind)
    hundredth -= mix_[kind];
  Submit& submit = submits_[kind];
  if (keys_) put_digits(&submit.bytes[submit.key_digits_at], key_digits, index);
  if (submit.prices > 0) {
    // Neighbours in time are far apart in price (Knuth's multiplicative hash).
    const std::uint64_t step = (index * 0x9E3779B97F4A7C15ULL) >> 11;
    put_digits(&submit.bytes[submit.price_at], submit.price_size,
               submit.price_low + step % submit.prices);
  }
  return submit.bytes;
}

std::string Requests::lookup(const OrderId& id) const {
  return "GET /v1/orders/" + to_text(id) + lookup_tail_;
}

}  // namespace oee::load
