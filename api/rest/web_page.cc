#include "api/rest/web_page.h"

#define ZLIB_CONST  // of its input
#include <zlib.h>

#include <algorithm>

#include "core/base/check.h"

namespace oee {

const WebFile* find_web_file(std::string_view path) {
  const auto files = embedded::web_files;
  const auto found = std::find_if(files.begin(), files.end(),
                                  [path](const WebFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

// RFC 1952 2.3: the last four bytes are the size of what was compressed, least significant first.
std::string gunzip(std::string_view gzip) {
  constexpr std::size_t head_and_trailer = 18;
  check(gzip.size() >= head_and_trailer, "a file of the page is not gzip");
  std::size_t size = 0;
  for (std::size_t i = 1; i <= 4; ++i)
    size = size << 8 | static_cast<unsigned char>(gzip[gzip.size() - i]);
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

}  // namespace oee
