#!/usr/bin/env python3
"""The Debian package, built from the build tree: its files, programs and declared dependencies, and its man pages,
completions, example configuration and unit.

  tests/packaging/package_test.py BUILD_DIR
"""
import gzip
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = ("order-engine", "log-dump", "log-backup", "rebuild-projections", "order-load")
# The documents keep their folders, so that the links between them are valid.
DOCUMENTS = ("README.md", "api/README.md", "api/web/README.md", "core/README.md", "eventlog/README.md",
             "projections/README.md", "schemas/README.md", "tests/README.md", "tests/bench/README.md",
             "tests/fuzz/README.md", "tests/sim/README.md", "tools/README.md", "tools/deploy/README.md",
             "compose.yaml", "tools/deploy/alerts.yaml", "tools/deploy/grafana-dashboard.json",
             "tools/deploy/prometheus.yaml")
FLAG = re.compile(r"^  ((?:-\w,)?--[\w-]+)", re.M)
build = None


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=120, **options)


def flags_of(help_text):
    return [name for names in FLAG.findall(help_text) for name in names.split(",")]


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="oee-package-")
        out = pathlib.Path(cls.dir.name)
        made = run("cpack", "--config", build / "CPackConfig.cmake", "-B", out, cwd=build)
        if made.returncode != 0:
            raise AssertionError(f"cpack: {made.stdout[-2000:]}{made.stderr[-2000:]}")
        cls.deb, = out.glob("*.deb")
        cls.root, cls.control = out / "root", out / "control"
        run("dpkg-deb", "-x", cls.deb, cls.root)
        run("dpkg-deb", "-e", cls.deb, cls.control)

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()

    def test_the_image_is_made_of_the_package(self):
        """The Dockerfile names no library, and copies all that tools/package reads: each tracked top-level entry."""
        source = pathlib.Path(__file__).resolve().parents[2]
        dockerfile = (source / "compose.yaml").read_text().partition("dockerfile_inline: |")[2].partition("ENTRYPOINT")[0]
        self.assertIn("RUN tools/package", dockerfile)
        self.assertEqual(re.findall(r"\blib[a-z0-9.+-]+", dockerfile), [])
        copied = set(re.findall(r"^\s*COPY (?!--)(.*) \S+$", dockerfile, re.M))
        tracked = {path.name for path in source.iterdir() if not path.name.startswith((".", "build"))}
        self.assertEqual({name for names in copied for name in names.split()}, tracked)

    def program(self, name):
        return self.root / "usr/bin" / name

    def helps(self, name):
        """The --help texts of the program and of its subcommands."""
        top = run(self.program(name), "--help").stdout
        below = re.findall(r"^  (\w+) ", top.partition("Subcommands:")[2], re.M)
        return [top, *(run(self.program(name), each, "--help").stdout for each in below)]

    def test_every_expected_file_is_in_it(self):
        listed = run("dpkg-deb", "-c", self.deb).stdout
        paths = {line.split()[5].removeprefix("."): line.split()[:2] for line in listed.splitlines()}
        wanted = ["/lib/systemd/system/order-engine.service", "/etc/order-engine/order-engine.conf",
                  "/usr/share/doc/order-engine/copyright", "/usr/share/doc/order-engine/changelog.gz"]
        wanted += [f"/usr/share/doc/order-engine/{document}" for document in DOCUMENTS]
        for name in PROGRAMS:
            wanted += [f"/usr/share/man/man1/{name}.1.gz", f"/usr/share/bash-completion/completions/{name}"]
            self.assertEqual(paths[f"/usr/bin/{name}"][0], "-rwxr-xr-x", name)
        for path in wanted:
            self.assertEqual(paths[path][0], "-rw-r--r--", path)
        self.assertEqual({owner for _, owner in paths.values()}, {"root/root"})
        self.assertEqual(len([path for path in paths if not path.endswith("/")]), len(wanted) + len(PROGRAMS))
        self.assertEqual((self.control / "conffiles").read_text(), "/etc/order-engine/order-engine.conf\n")
        info = run("dpkg-deb", "-I", self.deb).stdout
        for field in ("Package: order-engine", "adduser", "libc6", "Section: net"):
            self.assertIn(field, info)
        for script in ("postinst", "prerm", "postrm"):
            self.assertEqual((self.control / script).stat().st_mode & 0o777, 0o755, script)
            self.assertEqual(run("sh", "-n", self.control / script).returncode, 0, script)

    def test_links_between_the_documents_are_valid(self):
        documents = self.root / "usr/share/doc/order-engine"
        for document in (documents / name for name in DOCUMENTS if name.endswith(".md")):
            links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", document.read_text())
            for link in links:
                # The other documents also name sources, which the package does not contain.
                if document.parent == documents or link.endswith(".md"):
                    self.assertTrue((document.parent / link).is_file(), f"{document}: {link}")

    def test_installed_programs_run(self):
        for name in PROGRAMS:
            version = run(self.program(name), "--version")
            self.assertRegex(version.stdout, rf"^{name} \d+\.\d+\.\d+\n$", version.stderr)
            self.assertIn(f"Version: {version.stdout.split()[1]}", run("dpkg-deb", "-I", self.deb).stdout)
        config = self.root / "etc/order-engine/order-engine.conf"
        checked = run(self.program("order-engine"), "--config", config, "--check-config")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn(f'data-dir = "/var/lib/order-engine"', checked.stdout)

    def test_every_shared_library_is_of_a_package_that_is_declared(self):
        declared = set(re.findall(r"[\w.+-]+", run("dpkg-deb", "-f", self.deb, "Depends").stdout))
        for name in PROGRAMS:
            needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", self.program(name)).stdout)
            self.assertIn("libc.so.6", needed)
            found = dict(re.findall(r"^\t(\S+) => (\S+)", run("ldd", self.program(name)).stdout, re.M))
            for library in needed:
                if library not in found:  # the loader itself
                    continue
                file = pathlib.Path(found[library])
                owners = set()
                for path in {file, file.resolve(), pathlib.Path("/usr" + str(file))}:
                    owners |= set(re.findall(r"^([\w.+-]+)(?::\w+)?: ", run("dpkg", "-S", path).stdout, re.M))
                # A dependency may name what a package provides: libspdlog1.10-fmt9.
                provided = "".join(run("dpkg-query", "-W", "-f", "${Provides} ", owner).stdout for owner in owners)
                owners |= set(re.findall(r"[\w.+-]+", re.sub(r"\(.*?\)", "", provided)))
                self.assertTrue(owners & declared, f"{name} needs {library} of {owners}, not in {declared}")

    def test_lintian_finds_no_error(self):
        if shutil.which("lintian") is None:
            self.skipTest("lintian is not installed")
        found = run("lintian", "--allow-root", "--fail-on", "error", "--tag-display-limit", "0", self.deb)
        self.assertEqual(found.returncode, 0, found.stdout + found.stderr)

    def test_systemd_accepts_the_unit(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        unit = (self.root / "lib/systemd/system/order-engine.service").read_text()
        here = pathlib.Path(self.dir.name) / "order-engine.service"
        here.write_text(unit.replace("/usr/bin/order-engine", str(self.program("order-engine"))))
        verified = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", here)
        self.assertEqual((verified.returncode, verified.stdout), (0, ""), verified.stderr)
        self.assertEqual([line for line in verified.stderr.splitlines() if "order-engine.service" in line], [])
        scored = run("systemd-analyze", "security", "--offline=yes", "--threshold=20", here)
        self.assertEqual(scored.returncode, 0, scored.stdout[-400:] + scored.stderr)

    def test_every_flag_is_in_the_man_page_and_in_the_completion(self):
        for name in PROGRAMS:
            page = gzip.decompress((self.root / f"usr/share/man/man1/{name}.1.gz").read_bytes()).decode()
            completion = (self.root / f"usr/share/bash-completion/completions/{name}").read_text()
            texts = self.helps(name)
            self.assertEqual(len(texts), 4 if name == "log-dump" else 1)
            for flag in (flag for text in texts for flag in flags_of(text)):
                self.assertIn(rf"\fB{flag}\fR".replace("-", "\\-"), page, name)
                self.assertRegex(completion, rf"[' ]{flag}[' ]", name)

    def test_completion_completes(self):
        def complete(name, *words):
            script = self.root / f"usr/share/bash-completion/completions/{name}"
            function = "_" + name.replace("-", "_")
            line = (f"source {script}; COMP_WORDS=({name} {' '.join(map(repr, words))}); "
                    f"COMP_CWORD={len(words)}; {function}; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
            return run("bash", "-c", line, cwd=self.root).stdout.split()

        for name in PROGRAMS:
            self.assertEqual(sorted(complete(name, "-")), sorted(flags_of(self.helps(name)[0])), name)
        self.assertEqual(complete("order-engine", "--venue-d"), ["--venue-delay"])
        self.assertEqual(complete("order-engine", "--role", "g"), ["gateway"])
        self.assertEqual(complete("order-engine", "--config", "etc/order-engine/"), ["etc/order-engine/order-engine.conf"])
        self.assertEqual(complete("order-engine", "--shards", ""), [])
        self.assertEqual(complete("log-dump", "ver"), ["verify"])
        self.assertEqual(complete("log-dump", "state", "--"), ["--help", "--order", "--at"])
        self.assertEqual(complete("log-dump", "verify", "us"), ["usr"])
        self.assertEqual(complete("log-dump", "--format", ""), ["text", "json", "csv"])
        self.assertEqual(complete("log-backup", "--restore", "et"), ["etc"])

    def test_every_key_of_the_example_configuration_is_accepted_with_its_default(self):
        engine, example = self.program("order-engine"), self.root / "etc/order-engine/order-engine.conf"
        text = example.read_text()
        keys = re.findall(r"^#?([\w-]+) = ", text, re.M)
        effective = run(engine, "--check-config").stdout
        self.assertEqual(keys, re.findall(r"^([\w-]+) = ", effective, re.M))
        all_on = pathlib.Path(self.dir.name) / "all.conf"
        all_on.write_text(re.sub(r'^#([\w-]+ = (?!""))', r"\1", text, flags=re.M).replace("/var/lib/order-engine", "./data"))
        checked = run(engine, "--config", all_on, "--check-config")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        settings = lambda text: re.sub(r" +# .*", "", text)
        self.assertEqual(settings(checked.stdout), settings(effective))
        origins = re.findall(r"^[\w-]+ = (?!\"\").* # (\w+)", checked.stdout, re.M)
        self.assertEqual(set(origins), {"file"})


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
