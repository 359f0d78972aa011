// Requests that a strict server refuses before its handler sees them, byte for byte, with the exact
// status and code. After each the connection ends: the bytes that follow are never read as a
// request. Shared by the tests of the server and of a real engine.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oee::test {

struct HostileRequest {
  const char* name;
  std::string bytes;
  int status;
  const char* code = "";  // of a refusal
};

inline std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

inline std::string upgrade_with(const std::string& changed_line) {
  std::string head = "GET /ws HTTP/1.1\r\nHost: h\r\n";
  const std::pair<const char*, const char*> lines[] = {
      {"Connection", "keep-alive, Upgrade"},
      {"Upgrade", "websocket"},
      {"Sec-WebSocket-Version", "13"},
      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  for (const auto& [name, value] : lines) {
    const bool changed = changed_line.starts_with(std::string(name) + ":");
    head += changed ? changed_line : std::string(name) + ": " + value;
    head += "\r\n";
  }
  return head + "\r\n";
}

using std::string_literals::operator""s;  // for bytes with NUL

inline const std::vector<HostileRequest> hostile_requests = {
    {"chunked", "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501,
     "transfer_encoding"},
    {"identity encoding", "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n", 501,
     "transfer_encoding"},
    {"chunked and length",
     "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
     400, "bad_request"},
    {"length and chunked",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
     501, "transfer_encoding"},
    {"encoding twice",
     "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n",
     501, "transfer_encoding"},
    {"no host", "GET / HTTP/1.1\r\n\r\n", 400, "bad_request"},
    {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request"},
    {"the same host twice", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400, "bad_request"},
    {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "bad_request"},
    {"host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad_request"},
    {"host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad_request"},
    {"two hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request"},
    {"two equal lengths",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400,
     "bad_request"},
    {"two lengths",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400,
     "bad_request"},
    {"list of lengths", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc", 400,
     "bad_request"},
    {"signed length", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc", 400,
     "bad_request"},
    {"negative length", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\nabc", 400,
     "bad_request"},
    {"hexadecimal length", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\nabc", 400,
     "bad_request"},
    {"empty length", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\nabc", 400,
     "bad_request"},
    {"length of 2^64",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n", 400,
     "bad_request"},
    {"length over the limit", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n", 413,
     "body_too_large"},
    {"length far over the limit",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999999999\r\n\r\n", 413,
     "body_too_large"},
    {"expected body over the limit",
     "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n", 413,
     "body_too_large"},
    {"unknown expectation",
     "POST /e HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\nContent-Length: 3\r\n\r\nabc", 417,
     "expectation_failed"},
    {"folded header", "GET / HTTP/1.1\r\nHost: h\r\nX-A: one\r\n two\r\n\r\n", 400, "bad_request"},
    {"header folded with a tab", "GET / HTTP/1.1\r\nHost: h\r\nX-A: one\r\n\ttwo\r\n\r\n", 400,
     "bad_request"},
    {"space before the first header", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, "bad_request"},
    {"bare LF lines", "GET / HTTP/1.1\nHost: h\n\n", 400, "bad_request"},
    {"bare LF in one header", "GET / HTTP/1.1\r\nHost: h\nX-A: b\r\n\r\n", 400, "bad_request"},
    {"bare CR in a header", "GET / HTTP/1.1\r\nHost: h\r\nX-A: b\rc\r\n\r\n", 400, "bad_request"},
    {"NUL in a header", "GET / HTTP/1.1\r\nHost: h\r\nX-A: b\0c\r\n\r\n"s, 400, "bad_request"},
    {"DEL in a header", "GET / HTTP/1.1\r\nHost: h\r\nX-A: b\x7f\r\n\r\n", 400, "bad_request"},
    {"space before a colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400, "bad_request"},
    {"no colon", "GET / HTTP/1.1\r\nHost: h\r\nrubbish\r\n\r\n", 400, "bad_request"},
    {"empty header name", "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400, "bad_request"},
    {"header name with a bracket", "GET / HTTP/1.1\r\nHost: h\r\nX(a): x\r\n\r\n", 400,
     "bad_request"},
    {"header name in UTF-8", "GET / HTTP/1.1\r\nHost: h\r\nX-\xc3\xa9: x\r\n\r\n", 400,
     "bad_request"},
    {"unknown method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 501, "unknown_method"},
    {"lower-case method", "get / HTTP/1.1\r\nHost: h\r\n\r\n", 501, "unknown_method"},
    {"malformed method", "G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"no method", " / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"space at the line's end", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 505, "http_version"},
    {"no version", "GET /\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"version 2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"version 1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"version 0.9", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version"},
    {"TLS hello", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n"s, 400, "bad_request"},
    {"target without a slash", "GET orders HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"asterisk target", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"authority target", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"https target", "GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"absolute target without a host", "GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n", 400,
     "bad_request"},
    {"absolute target with a user", "GET http://u@h/x HTTP/1.1\r\nHost: h\r\n\r\n", 400,
     "bad_request"},
    {"fragment", "GET /#x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"target in UTF-8", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"target with a quote", "GET /\"x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"101 headers", "GET / HTTP/1.1\r\nHost: h\r\n" + repeated("X-A: b\r\n", 100) + "\r\n", 431,
     "too_many_headers"},
    {"headers over 16 KiB",
     "GET / HTTP/1.1\r\nHost: h\r\nX-A: " + std::string(16 * 1024, 'a') + "\r\n\r\n", 431,
     "headers_too_large"},
    {"target over 16 KiB", "GET /" + std::string(16 * 1024, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n",
     431, "headers_too_large"},
    {"endless header", "GET / HTTP/1.1\r\nHost: h\r\nX-A: " + std::string(20 * 1024, 'a'), 431,
     "headers_too_large"},
    {"upgrade without a key", upgrade_with("Sec-WebSocket-Key:"), 400, "bad_request"},
    {"upgrade with a short key", upgrade_with("Sec-WebSocket-Key: dGhlIHNhbXBsZQ=="), 400,
     "bad_request"},
    {"upgrade with a key that is not base64",
     upgrade_with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ$=="), 400, "bad_request"},
    {"upgrade with a loose last digit", upgrade_with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZB=="),
     400, "bad_request"},
    {"upgrade of version 8", upgrade_with("Sec-WebSocket-Version: 8"), 426, "websocket_version"},
    // A length or an encoding that one of two readers may miss.
    {"encoding behind a space",
     "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n", 400, "bad_request"},
    {"encoding behind a tab", "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\tchunked\r\n\r\n",
     501, "transfer_encoding"},
    {"encoding in capitals", "POST /e HTTP/1.1\r\nHost: h\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n",
     501, "transfer_encoding"},
    {"unknown encoding", "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", 501,
     "transfer_encoding"},
    {"empty encoding", "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n", 501,
     "transfer_encoding"},
    {"encoding in 1.0", "POST /e HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 501,
     "transfer_encoding"},
    {"encoding behind a vertical tab",
     "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\vchunked\r\n\r\n", 400, "bad_request"},
    {"encoding behind NUL", "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding\0: chunked\r\n\r\n"s,
     400, "bad_request"},
    {"encoding in a fold",
     "POST /e HTTP/1.1\r\nHost: h\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n\r\n", 400,
     "bad_request"},
    {"encoding behind a bare LF",
     "POST /e HTTP/1.1\r\nHost: h\r\nX-A: b\nTransfer-Encoding: chunked\r\n\r\n", 400,
     "bad_request"},
    {"encoding behind a bare CR",
     "POST /e HTTP/1.1\r\nHost: h\r\nX-A: b\rTransfer-Encoding: chunked\r\n\r\n", 400,
     "bad_request"},
    {"chunk extension",
     "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
     "chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0\r\n\r\n",
     501, "transfer_encoding"},
    {"chunks with a trailer",
     "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: "
     "3\r\n\r\n",
     501, "transfer_encoding"},
    {"upgrade with an encoding",
     "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: "
     "websocket\r\nTransfer-Encoding: chunked\r\n\r\n",
     501, "transfer_encoding"},
    {"lengths in two cases",
     "POST /e HTTP/1.1\r\nHost: h\r\ncontent-length: 3\r\nCONTENT-LENGTH: 3\r\n\r\nabc", 400,
     "bad_request"},
    {"length with a point", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3.0\r\n\r\nabc", 400,
     "bad_request"},
    {"length with an exponent", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3e0\r\n\r\nabc",
     400, "bad_request"},
    {"length with a semicolon", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3;\r\n\r\nabc", 400,
     "bad_request"},
    {"two lengths in one line", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3 3\r\n\r\nabc",
     400, "bad_request"},
    {"quoted length", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: \"3\"\r\n\r\nabc", 400,
     "bad_request"},
    {"length behind a bare CR", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: \r3\r\n\r\nabc",
     400, "bad_request"},
    {"length in Arabic digits",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: \xd9\xa3\r\n\r\nabc", 400, "bad_request"},
    // Hosts, lines, versions and targets.
    {"host with a user", "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400, "bad_request"},
    {"host with a fragment", "GET / HTTP/1.1\r\nHost: h#x\r\n\r\n", 400, "bad_request"},
    {"hosts in a list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "bad_request"},
    {"host in UTF-8", "GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n", 400, "bad_request"},
    {"absolute target and no host", "GET http://h/ HTTP/1.1\r\n\r\n", 400, "bad_request"},
    {"absolute target and two hosts", "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400,
     "bad_request"},
    {"NUL in the target", "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"s, 400, "bad_request"},
    {"NUL in the method", "G\0T / HTTP/1.1\r\nHost: h\r\n\r\n"s, 400, "bad_request"},
    {"bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"tabs in the request line", "GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"CR CR LF", "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"lower-case version", "GET / http/1.1\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"version 1.10", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"version without a point", "GET / HTTP/11\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"version of another protocol", "GET / HTTPS/1.1\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"target of a scheme alone", "GET http:// HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"file target", "GET file:///etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"backslash target", "GET \\\\h\\x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"flood of headers", "GET / HTTP/1.1\r\nHost: h\r\n" + repeated("a:\r\n", 3'000) + "\r\n", 431,
     "too_many_headers"},
    {"flood of lines without an end", "GET / HTTP/1.1\r\n" + repeated("X-A: b\r\n", 2'000), 431,
     "too_many_headers"},
    {"one endless header name", "GET / HTTP/1.1\r\n" + std::string(64 * 1024, 'n'), 431,
     "headers_too_large"},
    {"HTTP/2 preface with frames",
     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64"s, 505,
     "http_version"},
    {"random bytes with line ends", "\x8f\x02\xfe\x11\r\n\xd3\x00\x91\r\n\r\n"s, 400,
     "bad_request"},
    {"two keys of an upgrade",
     upgrade_with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: "
                  "dGhlIHNhbXBsZSBub25jZQ=="),
     400, "bad_request"},
    {"upgrade without a version", upgrade_with("Sec-WebSocket-Version:"), 426, "websocket_version"},
    {"upgrade of a list of versions", upgrade_with("Sec-WebSocket-Version: 13, 8"), 426,
     "websocket_version"},
    {"upgrade with a body", upgrade_with("Sec-WebSocket-Version: 13\r\nContent-Length: 3"), 400,
     "bad_request"},
};

}  // namespace oee::test
