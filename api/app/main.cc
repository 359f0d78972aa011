// order-engine: parse, build, run, return.
#include <cstdio>

#include "api/app/app.h"
#include "api/app/config/parse.h"
#include "api/app/config/text.h"

// jemalloc reads this before main(). A background thread of jemalloc returns freed memory to the
// system after one second. With its default of 10 s, the memory of short bursts (a memtable, a
// compaction) would stay allocated for longer.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000";

int main(int argc, char** argv) {
  auto parsed = oee::parse_config(argc, argv);
  if (!parsed.ok()) {
    std::fprintf(stderr, "order-engine: %s\n", parsed.error().detail.c_str());
    return 2;
  }
  if (const auto* help = std::get_if<oee::ConfigHelp>(&*parsed)) {
    std::fputs(help->text.c_str(), stdout);
    std::fputs(help->message.c_str(), stderr);
    return 0;
  }
  const auto& config = std::get<oee::Config>(*parsed);
  if (config.check_config) {
    if (const auto checked = oee::check_named_files(config); !checked.ok()) {
      std::fprintf(stderr, "order-engine: %s\n", checked.error().detail.c_str());
      return 2;
    }
    std::fputs(oee::describe_config(config).c_str(), stdout);
    return 0;
  }
  return oee::run_app(config);
}
