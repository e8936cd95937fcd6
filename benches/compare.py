#!/usr/bin/env python3
"""Puts the same Parquet files through scopelog, plain DataFusion and DuckDB, in turns, and prints ratios with their spread.

    compare.py suite  --dir DIR [--rows N --days D]      every example on every engine; answers are compared
    compare.py teams  --dir DIR [--many 256]             a scoped query in an archive of many teams against one of one team
    compare.py ingest --dir DIR [--rows N]               loading web logs, against DuckDB's read_csv with sha256

Needs the packages duckdb and pyarrow. See README.md beside this file for how to read what it prints.
"""

import argparse
import base64
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
RUST = ["scopelog", "datafusion", "df_tuned", "df_as_engine"]
PRIME, OFFSET, MASK = 0x100000001B3, 0xCBF29CE484222325, (1 << 64) - 1


# Answers, in the same form as benches/src/answer.rs makes them.


def fnv(text):
    value = OFFSET
    for byte in text.encode():
        value = ((value ^ byte) * PRIME) & MASK
    return value


def cell(value):
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, bytes):
        return base64.b32encode(value[:16]).decode().rstrip("=").lower() + f".{value[16]}" if len(value) == 17 else value.hex()
    if isinstance(value, float) or type(value).__name__ == "Decimal":
        number = float(value)
        if number.is_integer() and abs(number) < 1e15:
            return f"{number:.0f}"
        mantissa, exponent = f"{number:.5e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return str(value)


def answer(table, column):
    import pyarrow as pa

    columns = []
    for name in [column] if column else table.column_names:
        values = table.column(name)
        if pa.types.is_timestamp(values.type):
            values = values.cast(pa.timestamp("us", values.type.tz)).cast(pa.int64())
        elif pa.types.is_date32(values.type):
            values = values.cast(pa.int32())
        columns.append([cell(v) for v in values.to_pylist()])
    total = sum(fnv("\x1f".join(row)) for row in zip(*columns)) & MASK
    return table.num_rows, f"{total:016x}"


# Engines. Each has a process of its own and answers a line of JSON for each name of a query.


def peak_reset():
    try:
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def peak_mb():
    try:
        for line in pathlib.Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    return None


def duckdb_worker(prepared, threads):
    import duckdb

    prepared = json.loads(prepared)
    db = duckdb.connect(config={"threads": threads})
    db.execute("SET TimeZone = 'UTC'")
    # NULL sorts as the largest value, as it does in DataFusion.
    db.execute("SET default_null_order = 'NULLS_LAST_ON_ASC_FIRST_ON_DESC'")
    db.execute("CREATE MACRO regexp_like(a, b) AS regexp_matches(a, b)")
    for name, dataset in prepared["datasets"].items():
        files = dataset["directory"] + "/**/*.parquet"
        db.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{files}', hive_partitioning = true, hive_types = {{'day': DATE}})")
    queries = {q["name"]: q for q in prepared["queries"]}
    print(json.dumps({"ready": "duckdb"}), flush=True)
    for line in sys.stdin:
        query = queries[line.strip()]
        peak_reset()
        start = time.perf_counter()
        table = db.sql(query["duckdb"]).to_arrow_table()
        ms = (time.perf_counter() - start) * 1e3
        peak = peak_mb()
        rows, checksum = answer(table, query["compare"])
        print(json.dumps({"query": query["name"], "ms": ms, "peak_mb": peak, "rows": rows, "checksum": checksum}), flush=True)


class Engine:
    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} stopped with code {self.process.wait()}")
        return json.loads(line)

    def ask(self, query):
        self.process.stdin.write(query + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


# Figures.


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def spread(ours, theirs):
    each = [a / b for a, b in zip(ours, theirs)]
    return statistics.median(ours) / statistics.median(theirs), min(each), max(each)


def show(rows):
    widths = [max(len(str(row[at])) for row in rows if at < len(row)) for at in range(max(map(len, rows)))]
    for row in rows:
        cells = [str(c).ljust(w) if at == 0 else str(c).rjust(w) for at, (c, w) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
    print()


def ratio(found):
    return f"{found[0]:.2f} ({found[1]:.2f}-{found[2]:.2f})"


# Commands.


def binary(options):
    if options.bin:
        return options.bin
    command = ["cargo", "build", "--release", "-p", "scopelog-benches", "--bin", "compare", "--message-format", "json-render-diagnostics"]
    built = subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True)
    messages = (json.loads(line) for line in built.stdout.splitlines() if line.startswith("{"))
    return next(m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "compare")


def rust(program, words, options, directory, teams):
    shape = ["--rows", options.rows, "--days", options.days, "--teams", teams, "--threads", options.threads, "--seed", options.seed]
    extra = ["--rows-of-others", options.rows_of_others, "--dir", directory]
    return [program, *words, *map(str, shape), *map(str, extra)]


def one_line(command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def prepare(program, options, directory, teams):
    found = subprocess.run(rust(program, ["prepare"], options, directory, teams), check=True, stdout=subprocess.PIPE, text=True).stdout
    prepared = json.loads(found)
    for name, dataset in prepared["datasets"].items():
        print(f"{name}: {dataset['rows']:,} rows in {dataset['files']} files, {dataset['bytes'] / 1e6:.1f} MB; {prepared['teams']} teams")
    return prepared


def suite(options):
    program = binary(options)
    prepared = prepare(program, options, options.dir, options.teams)
    engines = [Engine(name, rust(program, ["worker", name], options, options.dir, options.teams)) for name in RUST if name in options.engines]
    if "duckdb" in options.engines:
        command = [sys.executable, __file__, "duckdb-worker", "--prepared", json.dumps(prepared), "--threads", str(options.threads)]
        engines.append(Engine("duckdb", command))
    queries = [q for q in prepared["queries"] if not options.only or q["name"] in options.only]
    times, peaks, differ = {}, {e.name: [] for e in engines}, []
    for query in queries:
        name, answers = query["name"], {}
        for engine in engines:
            first = engine.ask(name)  # fills caches; its answer is the one compared
            answers[engine.name] = (first["rows"], first["checksum"])
        if len(set(answers.values())) > 1:
            differ.append((name, answers))
        for turn in range(options.rounds):
            order = engines if turn % 2 == 0 else engines[::-1]
            for engine in order:
                got = engine.ask(name)
                times.setdefault((name, engine.name), []).append(got["ms"])
                if got["peak_mb"]:
                    peaks[engine.name].append(got["peak_mb"])
    names = [e.name for e in engines]
    for engine in engines:
        engine.close()
    report(queries, names, times, peaks, differ)
    return 1 if differ else 0


def report(queries, names, times, peaks, differ):
    median = lambda query, engine: statistics.median(times[query["name"], engine])
    rows = [["median ms", *names]]
    rows += [[q["name"], *(f"{median(q, n):.1f}" for n in names)] for q in queries]
    show(rows)
    base = "scopelog" if "scopelog" in names else names[0]
    others = [n for n in names if n != base]
    rows = [[f"{base} : other", *others]]
    for query in queries:
        rows.append([query["name"], *(ratio(spread(times[query["name"], base], times[query["name"], n])) for n in others)])
    rows.append(["geometric mean", *(f"{geometric_mean(median(q, base) / median(q, n) for q in queries):.3f}" for n in others)])
    slow = [q for q in queries if median(q, base) >= 50]
    means = (f"{geometric_mean(median(q, base) / median(q, n) for q in slow):.3f}" if slow else "-" for n in others)
    rows.append([f"of {len(slow)} over 50 ms", *means])
    show(rows)
    rows = [["peak memory MB", "median", "most"]]
    rows += [[n, f"{statistics.median(peaks[n]):.0f}", f"{max(peaks[n]):.0f}"] for n in names if peaks[n]]
    show(rows)
    for name, answers in differ:
        print(f"ANSWERS DIFFER in {name}: " + ", ".join(f"{n} {r} rows {c}" for n, (r, c) in answers.items()))
    if not differ:
        print(f"all engines gave the same answers to {len(queries)} queries")


def teams(options):
    program = binary(options)
    few, many = f"{options.dir}/teams-1", f"{options.dir}/teams-{options.many}"
    queries = prepare(program, options, few, 1)["queries"]
    prepare(program, options, many, options.many)
    sides = [(few, 1), (many, options.many)]
    engines = [Engine(f"{n} teams", rust(program, ["worker", "scopelog"], options, d, n)) for d, n in sides]
    queries = [q for q in queries if not options.only or q["name"] in options.only]
    warm, fresh, first = {}, {}, {}
    for query in queries:
        for engine in engines:
            engine.ask(query["name"])
        for turn in range(options.rounds):
            for at in (0, 1) if turn % 2 == 0 else (1, 0):
                warm.setdefault((query["name"], at), []).append(engines[at].ask(query["name"])["ms"])
                directory, number = sides[at]
                got = one_line(rust(program, ["once", "scopelog", query["name"]], options, directory, number))
                fresh.setdefault((query["name"], at), []).append(got["process_ms"])
                first.setdefault((query["name"], at), []).append(got["ms"])
    rows = [[f"{options.many} teams : 1", "ms", "warm", "first query", "fresh process ms", "fresh process"]]
    means = ([], [], [])
    for query in queries:
        name = query["name"]
        pairs = [spread(times[name, 1], times[name, 0]) for times in (warm, first, fresh)]
        for mean, pair in zip(means, pairs):
            mean.append(pair[0])
        now, process = statistics.median(warm[name, 0]), statistics.median(fresh[name, 0])
        rows.append([name, f"{now:.1f}", ratio(pairs[0]), ratio(pairs[1]), f"{process:.1f}", ratio(pairs[2])])
    rows.append(["geometric mean", "", f"{geometric_mean(means[0]):.3f}", f"{geometric_mean(means[1]):.3f}", "", f"{geometric_mean(means[2]):.3f}"])
    show(rows)
    for engine in engines:
        engine.close()
    return 0


COLUMNS = (
    "date DATE, time TIME, s_sitename VARCHAR, s_computername VARCHAR, s_ip VARCHAR, cs_method VARCHAR, cs_uri_stem VARCHAR, cs_uri_query VARCHAR, "
    "s_port BIGINT, cs_username VARCHAR, c_ip VARCHAR, cs_version VARCHAR, cs_user_agent VARCHAR, cs_referer VARCHAR, cs_host VARCHAR, "
    "sc_status BIGINT, sc_substatus BIGINT, sc_win32_status BIGINT, sc_bytes BIGINT, cs_bytes BIGINT, time_taken BIGINT"
)


def read_csv(logs, to, threads, hashed):
    import duckdb

    db = duckdb.connect(config={"threads": threads})
    columns = ", ".join(f"'{n}': '{t}'" for n, t in (c.split() for c in COLUMNS.split(", ")))
    replace = " REPLACE (sha256(cs_username) AS cs_username, sha256(c_ip) AS c_ip)" if hashed else ""
    source = f"read_csv({json.dumps(logs)}, auto_detect = false, delim = ' ', header = false, skip = 4, new_line = '\\r\\n', nullstr = '-', quote = '', escape = '', columns = {{{columns}}})"
    source = source.replace('"', "'")
    copy = f"COPY (SELECT *{replace} FROM {source}) TO '{to}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 65536)"
    start = time.perf_counter()
    rows = db.execute(copy).fetchone()[0]
    ms = (time.perf_counter() - start) * 1e3
    stored = os.path.getsize(to)
    os.remove(to)
    return {"ms": ms, "rows": rows, "stored": stored}


def ingest(options):
    program = binary(options)
    pathlib.Path(options.dir).mkdir(parents=True, exist_ok=True)
    logs = one_line(rust(program, ["logs"], options, options.dir, 1))["logs"]
    size = sum(map(os.path.getsize, logs))
    found = {}
    counts = [1] if options.threads == 1 else [1, options.threads]
    for turn in range(options.rounds):
        for threads in counts:
            options.threads = threads
            found.setdefault(("scopelog", threads), []).append(one_line(rust(program, ["ingest"], options, options.dir, 1)))
            for name, hashed in (("duckdb sha256", True), ("duckdb no hash", False)):
                found.setdefault((name, threads), []).append(read_csv(logs, f"{options.dir}/peer.parquet", threads, hashed))
    rows = [[f"web logs, {size / 1e6:.0f} MB", "threads", "MB/s", "M rows/s", "raw : stored", "scopelog : this"]]
    for (name, threads), runs in found.items():
        ms = [r["ms"] for r in runs]
        middle = statistics.median(ms)
        against = spread([r["ms"] for r in found["scopelog", threads]], ms)
        # As a ratio of speeds: above 1, scopelog is the faster.
        against = (1 / against[0], 1 / against[2], 1 / against[1])
        figures = [f"{size / 1e3 / middle:.0f}", f"{runs[0]['rows'] / 1e3 / middle:.2f}", f"{size / runs[0]['stored']:.1f}"]
        rows.append([name, threads, *figures, ratio(against)])
    show(rows)
    if len({r["rows"] for runs in found.values() for r in runs}) > 1:
        print("ROW COUNTS DIFFER")
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["suite", "teams", "ingest", "duckdb-worker"])
    parser.add_argument("--dir", help="where archives are kept and reused")
    parser.add_argument("--bin", help="the compare program, if it is built already")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rows-of-others", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--teams", type=int, default=1)
    parser.add_argument("--many", type=int, default=256)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engines", nargs="+", default=[*RUST, "duckdb"])
    parser.add_argument("--only", nargs="+", help="names of queries")
    parser.add_argument("--prepared", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.command == "duckdb-worker":
        return duckdb_worker(options.prepared, options.threads)
    if not options.dir:
        parser.error("--dir is needed")
    return {"suite": suite, "teams": teams, "ingest": ingest}[options.command](options)


if __name__ == "__main__":
    sys.exit(main())
