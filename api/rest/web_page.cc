#include "api/rest/web_page.h"

#define ZLIB_CONST  // makes zlib's input const
#include <zlib.h>

#include <algorithm>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/check.h"

namespace oee {

const WebFile* find_web_file(std::string_view path) {
  const auto files = embedded::web_files;
  const auto found = std::find_if(files.begin(), files.end(),
                                  [path](const WebFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

namespace {

// REQUIRES: `gzip` is one complete gzip member, as the build makes it. RFC 1952 2.3: its last four
// bytes are the uncompressed size, least significant byte first.
std::string gunzip(std::string_view gzip) {
  constexpr std::size_t head_and_trailer = 18;
  check(gzip.size() >= head_and_trailer, "a file of the page is not gzip");
  const std::size_t size = load_le<std::uint32_t>(gzip.substr(gzip.size() - 4));
  std::string content(size, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<const Bytef*>(gzip.data());
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(content.data());
  stream.avail_out = static_cast<uInt>(content.size());
  constexpr int gzip_format = 16;  // zlib.h: added to the window's bits
  check(inflateInit2(&stream, gzip_format + MAX_WBITS) == Z_OK, "zlib has no memory");
  const int ended = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  check(ended == Z_STREAM_END && stream.avail_out == 0, "a file of the page is damaged");
  return content;
}

}  // namespace

std::string_view plain_content(const WebFile& file) {
  static const std::vector<std::string> contents = [] {
    std::vector<std::string> all;
    for (const WebFile& each : embedded::web_files) all.push_back(gunzip(each.gzip));
    return all;
  }();
  return contents[static_cast<std::size_t>(&file - embedded::web_files.data())];
}

}  // namespace oee
