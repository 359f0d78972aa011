"""Samples for tools/lint --self-test: (rule, path, text, is it a finding)."""

COROUTINE = "Task<void> f() {\n  %s\n}\n"

SAMPLES = [
    ("layers", "core/order/a.cc", '#include "core/seams/clock.h"\n', True),
    ("layers", "core/seams/a.h", '#include "core/order/event.h"\n', False),
    ("layers", "eventlog/a.cc", '#include "projections/b.h"\n', True),
    ("layers", "projections/a.cc", '#include "eventlog/b.h"\n', True),
    ("layers", "api/rest/routes.cc", '#include "eventlog/rocks/log.h"\n', True),
    ("layers", "api/rest/routes.cc", '#include "core/venue/paper/exchange.h"\n', True),
    ("layers", "api/app/app.cc", '#include "eventlog/rocks/log.h"\n', False),
    ("layers", "core/exec/a.cc", '#include "api/b.h"\n', True),
    ("layers", "api/a.cc", '#include "tests/support/process/servers.h"\n', True),
    ("third_party", "api/a.cc", "#include <rocksdb/db.h>\n", True),
    ("third_party", "eventlog/rocks/log.cc", "#include <rocksdb/db.h>\n", False),
    ("third_party", "eventlog/rocks/log.cc", "#include <flatbuffers/flatbuffers.h>\n", True),
    ("third_party", "projections/embedded/read_model.cc", "#include <pqxx/pqxx>\n", True),
    ("third_party", "projections/postgres.cc", "#include <hiredis/hiredis.h>\n", True),
    ("third_party", "core/exec/a.cc", "#include <boost/beast/http.hpp>\n", True),
    ("third_party", "api/http/server/server.h", "#include <boost/beast/http.hpp>\n", False),
    ("layers", "api/push/a.cc", '#include "api/rest/b.h"\n', True),
    ("layers", "api/rest/a.cc", '#include "api/push/b.h"\n', False),
    ("layers", "api/new_folder/a.cc", "int x;\n", True),
    ("third_party", "projections/postgres/rebuild/a.cc", "#include <pqxx/pqxx>\n", False),
    ("words", "eventlog/a.cc", "Seq durable_end;\n", True),
    ("words", "eventlog/a.cc", "Seq durable_head;\n// the durable_end of before\n", False),
    ("words", "api/a.cc", "struct StreamStats {};\n", True),
    ("shape", "core/base/a.cc", "\n" * 600, False),
    ("shape", "tests/core/a.cc", "\n" * 601, True),
    ("shape", "core/base/a.cc", "x" * 101 + "\n", True),
    ("shape", "core/base/a.cc", "é" * 100 + "\n", False),
    ("shape", "core/base/a.cc", "int a; \n", True),
    ("headers", "core/base/a.h", "#pragma once\n", True),
    ("headers", "core/base/a.h", "// What it is.\n", True),
    ("headers", "core/base/a.h", "// What it is.\n#pragma once\nusing namespace std;\n", True),
    ("headers", "core/base/a.h", "// What it is.\n#pragma once\n", False),
    ("names", "core/exec/order_util.cc", "", True),
    ("names", "core/exec/managers_office.cc", "", False),
    ("names", "core/base/result.cc", "", False),
    ("names", "api/a.cc", "class OrderManager {};\n", True),
    ("names", "api/a.cc", "class Impl {};\n", False),
    ("locks", "core/exec/a.cc", "std::mutex m;\n", True),
    ("locks", "core/exec/a.cc", "// a std::mutex is not needed\n", False),
    ("locks", "core/runtime/worker.cc", "std::mutex m;\n", False),
    ("spawning", "api/a.cc", "asio::co_spawn(loop, f(), token);\n", True),
    ("spawning", "api/a.cc", "start(asio::detached);\n", True),
    ("spawning", "core/runtime/spawn.h", "asio::co_spawn(loop, f(), asio::detached);\n", False),
    ("coroutines", "api/a.cc", COROUTINE % "co_await log.append(Command{id, 1});", True),
    ("coroutines", "api/a.cc", COROUTINE % "co_await log.append({id, 1});", True),
    ("coroutines", "api/a.cc", COROUTINE % "auto r = co_await log.append(id,\n     Command{1});", True),
    ("coroutines", "api/a.cc", COROUTINE % "co_await worker.run([id] { return id; });", True),
    ("coroutines", "api/a.cc", COROUTINE % "co_await worker.run([&] { return id; });", True),
    ("coroutines", "api/a.cc", COROUTINE % "co_await worker.run([] { return 1; });", False),
    ("coroutines", "api/a.cc", COROUTINE % "Command c{id, 1};\n  co_await log.append(std::move(c));", False),
    ("coroutines", "api/a.cc", COROUTINE % "if (co_await more()) {\n    x();\n  }", True),
    ("coroutines", "api/a.cc", COROUTINE % "while (!(co_await gate[i].wait(a[0]))) { y({1}); }", True),
    ("coroutines", "api/a.cc", COROUTINE % "if (ready && co_await more()) x();", True),
    ("coroutines", "api/a.cc", COROUTINE % "const bool ok = co_await more();\n  if (!ok) co_await stop();", False),
    ("coroutines", "api/a.cc", COROUTINE % "co_await f(\"{\"); // {", False),
    ("coroutines", "api/a.cc", "auto f = [this](int i) -> Task<void> { co_await g(i); };\n", True),
    ("coroutines", "api/a.cc", "auto f = [](int i) -> Task<void> { co_await g(i); };\n", False),
    ("coroutines", "api/a.cc", "int x = table[i](4);\n", False),
    ("coroutines", "core/runtime/spawn.h", "co_spawn(loop, f(Job{1}), token);\n", True),
    ("simulated", "tests/sim/a.h", "class Projector final {};\n", True),
    ("simulated", "tests/sim/a.h", "class Projector;\n", False),
    ("simulated", "tests/sim/environment/venue_side.h", "class VenueSide {};\n", True),
    ("simulated", "tests/sim/environment/venue_side.h", "paper::Exchange* exchange;\n", False),
    ("simulated", "tests/sim/environment/engine.h", "int x;\n", True),
    ("simulated", "api/engine/engine_parts.h", "int x;\n", True),
    ("simulated", "api/engine/shard.h", "// Nothing.\n", True),
    ("money", "core/venue/pool.cc", "double price = 1;\n", True),
    ("money", "core/order/order.cc", "// never a double\n", False),
    ("money", "api/telemetry/metrics_registry.cc", "double seconds = 1;\n", False),
    ("surroundings", "core/exec/a.cc", 'getenv("X");\n', True),
    ("surroundings", "api/app/config.cc", 'std::getenv("X");\n', False),
    ("surroundings", "eventlog/a.cc", "std::cerr << 1;\n", True),
    ("hooks", "eventlog/a.cc", "#ifdef OEE_TEST\n", True),
    ("hooks", "eventlog/a.cc", "#if defined(UNIT_TESTS)\n", True),
    ("hooks", "eventlog/a.cc", "#ifdef NDEBUG\n", False),
    ("notes", "api/a.cc", "// TO" "DO: later\n", True),
    ("notes", "api/a.cc", "// TO" "DO: Boost 1.82 has cancel_after, use it there\n", False),
    ("paths", "api/a.cc", "// see /wor" "k/main/x\n", True),
    ("paths", "README.md", "run /roo" "t/build/x\n", True),
    ("paths", "README.md", "tools/wor" "k/x and https://a.example/roo" "t/x\n", False),
    ("long_files", "core/base/a.cc", "\n" * 401, True),
    ("long_files", "core/base/a.cc", "\n" * 400, False),
    ("long_functions", "api/a.cc", "void f() {\n" + "  x();\n" * 71 + "}\n", True),
    ("long_functions", "api/a.cc", "void f() {\n" + "  x();\n" * 70 + "}\n", False),
]

# (rule over the whole tree, its files by path, is there a finding)
TREES = [
    ("one_definition", {"api/a.h": "namespace oee {\nstruct Swap { int x; };\n}\n",
                        "core/b.h": "namespace oee {\nstruct Swap { int y; };\n}\n"}, True),
    ("one_definition", {"api/a.h": "namespace oee {\nstruct Swap { struct In { int x; }; };\nclass Other;\n}\n",
                        "core/b.h": "namespace oee::paper {\nstruct Swap { int y; };\n}\n",
                        "core/c.cc": "namespace oee {\nnamespace {\nstruct Swap {};\n}\n}\n",
                        "core/d.h": "namespace oee {\nclass Other : public Base {};\nstruct In {};\n}\n"}, False),
    ("loops", {"core/a.h": '#include "core/b.h"\n', "core/b.cc": '#include "core/c.h"\n', "core/b.h": "",
               "core/c.h": '#include "core/a.h"\n'}, True),
    ("loops", {"core/a.h": '#include "core/b.h"\n', "core/a.cc": '#include "core/a.h"\n', "core/b.h": ""}, False),
]

# (commit subject, is it refused)
SUBJECTS = [
    ("api/http: read chunked bodies", False),
    ("readme: state the limits of the watermark", False),
    ("lint: pass over merge commits", False),
    ("api: reads chunked bodies", True),
    ("api: added chunked bodies", True),
    ("Chunked bodies are read", True),
    ("api: read chunked bodies.", True),
    ("api: read " + "x" * 63, True),
]


def run(lint):
    """Prints what a rule got wrong; 0 when every rule has a bad sample and all samples come out right."""
    rules = {r.__name__: r for r in lint.CODE_RULES + lint.TEXT_RULES + lint.WARNINGS}
    wrong = 0
    for rule, path, text, bad in SAMPLES:
        found = list(rules[rule](lint.File(path, text)))
        if bool(found) != bad:
            wrong += 1
            print(f"{rule}: {'missed' if bad else f'wrongly found {found} in'} {path}: {text[:200]!r}")
    for rule in rules.keys() - {rule for rule, _, _, bad in SAMPLES if bad}:
        wrong += 1
        print(f"{rule}: has no bad sample")
    tree_rules = {r.__name__: r for r in lint.TREE_RULES}
    for rule, files, bad in TREES:
        found = list(tree_rules[rule]([lint.File(path, text) for path, text in files.items()]))
        if bool(found) != bad:
            wrong += 1
            print(f"{rule}: {'missed' if bad else f'wrongly found {found} in'} {list(files)}")
    for subject, bad in SUBJECTS:
        if bool(list(lint.subject_findings([subject]))) != bad:
            wrong += 1
            print(f"subject: {'missed' if bad else 'wrongly refused'}: {subject}")
    print(f"lint: {len(SAMPLES) + len(TREES) + len(SUBJECTS)} samples, {wrong} wrong")
    return 1 if wrong else 0
