#include "api/app/config/text.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "api/app/config/keys.h"

namespace oee {
namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";
constexpr std::string_view mask = "***";

// libpq's keywords (PQconndefaults), besides the secrets.
constexpr std::string_view libpq_keywords[] = {
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "options",
    "passfile",
    "port",
    "replication",
    "requirepeer",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
};

// "password" and "sslpassword", in any case of letters.
std::size_t find_secret(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return lower.find("password");
}

// The end of a value in libpq's key=value form: in quotes or up to a blank; a backslash escapes the
// next character.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  const bool quoted = at < text.size() && text[at] == '\'';
  if (quoted) ++at;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (quoted && text[at] == '\'') {
      return at + 1;
    } else if (!quoted && blanks.find(text[at]) != blanks.npos) {
      return at;
    }
  }
  return text.size();
}

// libpq's key=value form, with blanks between the pairs and around "=". After a password only
// libpq's other keywords are shown: the rest may belong to a password that is not quoted rightly.
std::string mask_pairs(std::string_view text) {
  std::string masked;
  bool after_secret = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const std::size_t key_begin = std::min(text.find_first_not_of(blanks, at), text.size());
    const std::size_t key_end =
        std::min(text.find_first_of(" =\t\r\n\f\v", key_begin), text.size());
    const std::size_t equals = text.find_first_not_of(blanks, key_end);
    const bool pair = equals != text.npos && text[equals] == '=';
    at = key_end;
    if (pair)
      at = end_of_value(text, std::min(text.find_first_not_of(blanks, equals + 1), text.size()));
    const std::string_view key = text.substr(key_begin, key_end - key_begin);
    if (pair && find_secret(key) != key.npos) {
      masked.append(text.substr(begin, key_end - begin)).append(1, '=').append(mask);
      after_secret = true;
    } else if (!after_secret ||
               (pair && std::find(std::begin(libpq_keywords), std::end(libpq_keywords), key) !=
                            std::end(libpq_keywords))) {
      masked += text.substr(begin, at - begin);
    }
  }
  return masked;
}

// Whether the text after a colon is a port: digits up to the end of the host.
bool begins_with_port(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  return end == text.size() || std::string_view("/?,").find(text[end]) != std::string_view::npos;
}

// "USER:PASSWORD@HOST...": the password ends at the last '@', because it may contain an '@', '/' or
// '?' that is not escaped. So may the user ("me@server", as some services name users).
std::string mask_user(std::string text) {
  const std::size_t colon = text.find(':');
  const std::size_t at = text.rfind('@');
  if (at == text.npos || colon > at) return text;
  const bool of_host = text.find('@') < colon && begins_with_port(text.substr(colon + 1));
  if (!of_host) text.replace(colon + 1, at - colon - 1, mask);
  return text;
}

// The text with each "%41" decoded; other text stays as it is.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned byte = 0;
    const char* const digits = text.data() + at + 1;
    const bool escaped = text[at] == '%' && at + 2 < text.size() &&
                         std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    decoded += escaped ? static_cast<char>(byte) : text[at];
    if (escaped) at += 2;
  }
  return decoded;
}

// "...?key=value&key=value": libpq decodes the keys too. A piece without "=" after a password
// belongs to it.
std::string mask_query(std::string_view text) {
  const std::size_t query = text.find('?');
  if (query == text.npos) return std::string(text);
  std::string masked(text.substr(0, query));
  bool after_secret = false;
  for (std::size_t at = query; at < text.size();) {
    const std::size_t end = std::min(text.find('&', at + 1), text.size());
    const std::string_view piece = text.substr(at, end - at);  // with its "?" or "&"
    const std::size_t equals = piece.find('=');
    at = end;
    if (equals == piece.npos) {
      if (!after_secret) masked += piece;
      continue;
    }
    after_secret = find_secret(percent_decoded(piece.substr(0, equals))) != piece.npos;
    masked += after_secret ? piece.substr(0, equals + 1) : piece;
    if (after_secret) masked += mask;
  }
  return masked;
}

}  // namespace

std::vector<Setting> settings_of(const Config& config) {
  std::vector<Setting> settings;
  for (const ConfigKey& key : config_keys()) {
    if (key.name == "check-config") continue;  // an action, not a setting
    const auto origin = config.origin.find(key.name);
    settings.push_back({key.name, mask_url(key.value.show(config)),
                        origin == config.origin.end() ? "default" : origin->second});
  }
  return settings;
}

std::string describe_config(const Config& config) {
  std::vector<std::string> lines;
  std::size_t width = 0;
  const std::vector<Setting> settings = settings_of(config);
  for (const Setting& setting : settings) {
    const bool quoted = find_config_key(setting.name)->value.quoted;
    const std::string value = quoted ? "\"" + setting.value + "\"" : setting.value;
    width = std::max(width, lines.emplace_back(setting.name + " = " + value).size());
  }
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text +=
        lines[i] + std::string(width - lines[i].size(), ' ') + "   # " + settings[i].origin + "\n";
  }
  return text;
}

std::string_view read_model_name(const Config& config) {
  return config.postgres_url.empty() ? "embedded" : "postgresql";
}

std::string_view bus_name(const Config& config) {
  return config.redis_url.empty() ? "in-process" : "redis";
}

std::string mask_url(const std::string& url) {
  std::size_t scheme = url.find("://");
  if (url.find('=') < scheme) scheme = url.npos;  // part of a value in libpq's key=value form
  if (scheme == url.npos && find_secret(url) != url.npos) return mask_pairs(url);
  const std::size_t authority = scheme == url.npos ? 0 : scheme + 3;
  return url.substr(0, authority) + mask_query(mask_user(url.substr(authority)));
}

}  // namespace oee
