// HaltMarker: the file `HALTED` in the data directory, beside the log. A fail-stop and a start that
// finds the log damaged leave it, because the log cannot take a record then; the next start halts
// trading and removes it. Best effort: a disk that takes no file gets none. Any thread.
#pragma once

#include <filesystem>
#include <string>

namespace oee {

class HaltMarker {
 public:
  explicit HaltMarker(const std::filesystem::path& data_dir) : file_(data_dir / "HALTED") {}

  // `why`: one sentence. An older marker stays as it is.
  void write(const std::string& why) const;
  // The reason to halt; empty: there is no marker.
  std::string read() const;
  void remove() const;

 private:
  const std::filesystem::path file_;
};

}  // namespace oee
