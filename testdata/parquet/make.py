"""Writes the fixtures of this folder that others than parquet-go write.

    python3 -m venv v && v/bin/pip install duckdb==2.0.0 pyarrow==26.0.1 pandas==3.1.1 polars==2.1.0
    v/bin/python make.py

Every row has a column secret with a value that stands in no other row, so that tests can search an output for what
it must not hold. Names, phones and addresses are made up.
"""

import datetime as dt
import decimal
import random


import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pqe

ROWS = 700
random.seed(7)


def phone(i):
    return f"1{38 + i % 3}{(i * 7919) % 100_000_000:08d}"


def secret(i):
    return f"secret-{i:05d}-{random.getrandbits(32):08x}"


# --- DuckDB ----------------------------------------------------------------------------------------------------------

# DuckDB cuts row groups at multiples of 2,048 rows.
con = duckdb.connect()
con.execute("set threads = 1; set preserve_insertion_order = true; set TimeZone = 'UTC'")
con.execute(f"""
create table wide as select
    i::bigint as id,
    '1' || (38 + i % 3) || lpad(((i * 7919) % 100000000)::varchar, 8, '0') as phone,
    case when i % 11 = 0 then null else 'user' || i || '@example.com' end as email,
    'secret-' || lpad(i::varchar, 5, '0') || '-' || substr(md5(i::varchar), 1, 8) as secret,
    (i % 7)::tinyint as tiny, (i % 7)::utinyint as utiny, (i * 3)::smallint as small, (i * 3)::usmallint as usmall,
    (i * 100000)::integer as medium, (4294967295 - i)::uinteger as umedium, (18446744073709551615 - i)::ubigint as ubig,
    i % 2 = 0 as flag, i / 4.0::float as ratio, 13800138000 + i::double as phone_double,
    (i * 1.25)::decimal(9, 2) as d9, (i * -1.25)::decimal(18, 2) as d18, ((i - 350) * 1.25)::decimal(38, 2) as d38,
    (i - 350)::decimal(38, 0) as whole,
    md5(i::varchar)::uuid as device, date '2024-02-27' + (i % 900)::int as day, time '01:02:03' + to_seconds(i) as at,
    timestamp '2024-02-27 23:59:59' + to_milliseconds(i * 1001) as seen,
    (timestamp '2024-02-27 23:59:59' + to_milliseconds(i * 1001))::timestamptz as seen_z,
    (timestamp '2024-02-27 23:59:59' + to_milliseconds(i * 1001))::timestamp_ns as seen_ns,
    (timestamp '2024-02-27 23:59:59' + to_milliseconds(i * 1001))::timestamp_ms as seen_ms,
    to_days((i % 5)::int) as span, encode('blob' || i) as bytes, null::integer as nothing,
    case when i % 13 = 0 then null else 'city' || (i % 5) end as city,
    (array['red', 'green', 'blue'])[1 + i % 3]::enum('red', 'green', 'blue') as color
from range({ROWS}) t(i)
""")
con.execute(f"""
create table nested as select
    i::bigint as id,
    {{'phone': '1' || (38 + i % 3) || lpad(((i * 7919) % 100000000)::varchar, 8, '0'),
      'inner': {{'email': case when i % 5 = 0 then null else 'user' || i || '@example.com' end, 'n': i}}}} as person,
    case when i % 9 = 0 then null else [x for x in range(i % 4)] end as numbers,
    [{{'k': 'k' || x, 'v': [x, null, i]}} for x in range(i % 3)] as pairs,
    map(['a', 'b'], [i, null]) as props,
    [[i, null], [], null] as matrix,
    case when i % 7 = 0 then null else {{'a': i, 'b': null::varchar}} end as maybe,
    'secret-' || lpad(i::varchar, 5, '0') || '-' || substr(md5(i::varchar), 1, 8) as secret
from range({ROWS}) t(i)
""")


def duck(name, table, options):
    con.execute(f"copy (from {table}) to '{name}.parquet' (format parquet, {options})")


duck("duckdb_v1_snappy", "wide", "compression snappy")
duck("duckdb_v1_zstd", "wide", "compression zstd")
duck("duckdb_v1_gzip", "wide", "compression gzip")
duck("duckdb_v1_brotli", "wide", "compression brotli")
duck("duckdb_v1_none", "(select id, phone, email, city, secret from wide)", "compression uncompressed")
duck("duckdb_v2_zstd", "(select * exclude (umedium) from wide)", "compression zstd, parquet_version v2")
duck("duckdb_nested_v1", "nested", "compression snappy")
duck("duckdb_nested_v2", "nested", "compression zstd, parquet_version v2")
duck("duckdb_field_ids", "(select id, phone, city, secret from wide)",
     "compression snappy, field_ids {id: 0, phone: 7, city: 42, secret: 3}, "
     "kv_metadata {zeta: 'last', alpha: 'first', '客户': '会员'}")
duck("duckdb_bloom", "(select i, 'k' || (i % 50) as k, 'key-' || (i % 50) as word from range(5000) t(i))",
     "compression snappy, row_group_size 2048")
duck("duckdb_groups", "(select i as id, '1' || (38 + i % 3) || lpad(((i * 7919) % 100000000)::varchar, 8, '0') as phone, "
     "case when i % 11 = 0 then null else 'user' || i || '@example.com' end as email, "
     "'secret-' || lpad(i::varchar, 5, '0') || '-' || substr(md5(i::varchar), 1, 8) as secret from range(4500) t(i))",
     "compression snappy, row_group_size 2048")
con.execute("""
create table typed as select * from (values
    ('13800000001', 'secret-00000-cfcd2084', date '0001-01-01', time '00:00:00.000001', timestamptz '0001-01-01 00:00:00+00', timestamp_ms '2026-01-02 03:04:05.678',
     timestamp_ns '1970-01-01 00:00:00.000000001', '-0.05'::decimal(9, 2), '99999999999999.9999'::decimal(18, 4),
     '-9999999999999999999999999999.9999999999'::decimal(38, 10), '18446744073709551615'::ubigint, '0.1'::float, '5e-324'::double, true,
     'c4ca4238-a0b9-2382-0dcc-509a6f75849b'::uuid, '{"a": [1]}'::json, 'red'::enum('red', 'green')),
    ('13800000002', 'secret-00001-c4ca4238', date '2026-01-02', time '12:00:00', timestamptz '2026-01-02 00:00:00+00', timestamp_ms '2026-01-02 00:00:00',
     timestamp_ns '2026-01-02 00:00:00', '1', '1', '1', 1, 1, 1, false, 'c4ca4238-a0b9-2382-0dcc-509a6f75849b', '1', 'green'),
    ('13800000003', 'secret-00002-c81e728d', date '9999-12-31', time '23:59:59.999999', timestamptz '9999-12-31 23:59:59.999999+00', timestamp_ms '9999-12-31 23:59:59.999',
     timestamp_ns '2262-04-11 23:47:16.854775806', '9999999.99', '0.0001', '0.0000000001', 0, 'infinity', '-1e300', null,
     '00000000-0000-0000-0000-000000000000', 'null', null),
    ('13800000004', 'secret-00003-eccbc87e', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)
) t(phone, secret, day, clock, moment, local, nanos, price, total, wide, big, single, double, ok, device, doc, color)
""")
duck("duckdb_typed", "typed", "compression snappy")
duck("duckdb_empty", "(from wide limit 0)", "compression snappy")
duck("refused_uint32_delta", "(select id, umedium from wide limit 50)", "compression zstd, parquet_version v2")
duck("duckdb_lz4_raw", "(select id, phone, secret from wide limit 50)", "compression lz4_raw")

# --- Arrow -----------------------------------------------------------------------------------------------------------

n = np.arange(ROWS)
arrow = pa.table({
    "id": pa.array(n, pa.int64()),
    "phone": pa.array([phone(i) for i in n]),
    "mobile": pa.array([13800138000 + int(i) if i % 10 else None for i in n], pa.int64()),
    "city": pa.array([f"city{i % 5}" for i in n]).dictionary_encode(),
    "seen": pa.array([dt.datetime(2024, 2, 27) + dt.timedelta(seconds=int(i)) for i in n], pa.timestamp("us", "Asia/Shanghai")),
    "seen_local": pa.array([dt.datetime(2024, 2, 27) + dt.timedelta(seconds=int(i)) for i in n], pa.timestamp("ms")),
    "half": pa.array((n / 8).astype(np.float16), pa.float16()),
    "nan": pa.array([float("nan") if i % 3 == 0 else float(i) for i in n], pa.float64()),
    "fixed": pa.array([f"{i:08d}".encode() for i in n], pa.binary(8)),
    "large": pa.array([f"large{i}" for i in n], pa.large_string()),
    "price": pa.array([decimal.Decimal(int(i) - 350).scaleb(-2) for i in n], pa.decimal128(20, 2)),
    "small_price": pa.array([decimal.Decimal(int(i) - 350) for i in n], pa.decimal128(7, 0)),
    "void": pa.nulls(ROWS, pa.null()),
    "tags": pa.array([[f"t{j}" for j in range(i % 4)] if i % 6 else None for i in n], pa.list_(pa.string())),
    "scores": pa.array([list(range(i % 40)) for i in n], pa.large_list(pa.int32())),
    "props": pa.array([[("a", int(i)), ("b", None)] for i in n], pa.map_(pa.string(), pa.int64())),
    "person": pa.array([{"email": f"user{i}@example.com", "age": int(i % 90) or None} for i in n],
                       pa.struct([("email", pa.string()), ("age", pa.int8())])),
    "secret": pa.array([secret(i) for i in n]),
}, metadata={"owner": "tests"})

small_pages = dict(data_page_size=1024, write_batch_size=16, dictionary_pagesize_limit=2048)
pq.write_table(arrow, "arrow_v1_small_pages.parquet", compression="snappy", data_page_version="1.0", row_group_size=300, **small_pages)
pq.write_table(arrow, "arrow_v2_small_pages.parquet", compression="zstd", data_page_version="2.0", row_group_size=300, **small_pages)
pq.write_table(arrow, "arrow_page_index.parquet", compression="gzip", write_page_index=True, write_page_checksum=True,
               store_decimal_as_integer=True, sorting_columns=[pq.SortingColumn(0)], row_group_size=400)
codecs = {c: "snappy" for c in ("id", "mobile")} | {"phone": "zstd", "city": "gzip", "secret": "brotli"}
pq.write_table(arrow.select(["id", "phone", "mobile", "city", "secret"]), "arrow_codec_per_column.parquet",
               compression=codecs, row_group_size=250)
plain = arrow.select(["id", "phone", "mobile", "seen_local", "nan", "large", "fixed", "secret"])
pq.write_table(plain, "arrow_delta.parquet", use_dictionary=False, data_page_version="2.0", row_group_size=400, column_encoding={
    "id": "DELTA_BINARY_PACKED", "mobile": "DELTA_BINARY_PACKED", "seen_local": "DELTA_BINARY_PACKED", "nan": "BYTE_STREAM_SPLIT",
    "phone": "DELTA_BYTE_ARRAY", "large": "DELTA_LENGTH_BYTE_ARRAY", "fixed": "DELTA_BYTE_ARRAY", "secret": "DELTA_BYTE_ARRAY"})
pq.write_table(arrow.select(["id", "nan", "fixed", "secret"]), "arrow_split.parquet", use_dictionary=False, data_page_version="1.0",
               column_encoding={"id": "BYTE_STREAM_SPLIT", "nan": "BYTE_STREAM_SPLIT", "fixed": "BYTE_STREAM_SPLIT", "secret": "PLAIN"})
pq.write_table(arrow.select(["id", "seen_local", "phone", "secret"]), "arrow_int96.parquet", use_deprecated_int96_timestamps=True,
               row_group_size=400)
pq.write_table(arrow.select(["id", "phone", "secret"]).slice(0, 0), "arrow_no_rows.parquet")
pq.write_table(arrow.select(["id", "phone", "secret"]), "arrow_lz4_raw.parquet", compression="lz4", row_group_size=400)

frame = pd.DataFrame({"手机号": [phone(i) for i in n], "secret": [secret(i) for i in n]},
                     index=pd.Index([f"row{i}" for i in n], name="key"))
frame.to_parquet("pandas_index.parquet", row_group_size=300)


class Kms(pqe.KmsClient):
    """Wraps keys by not wrapping them: the fixture is there to be refused."""

    def __init__(self, _):
        super().__init__()

    def wrap_key(self, key, _):
        return key

    def unwrap_key(self, key, _):
        return key


def encrypt(name, **options):
    config = pqe.EncryptionConfiguration(footer_key="footer", data_key_length_bits=128, **options)
    properties = pqe.CryptoFactory(Kms).file_encryption_properties(pqe.KmsConnectionConfig(), config)
    table = arrow.select(["id", "phone", "secret"]).slice(0, 50)
    with pq.ParquetWriter(f"{name}.parquet", table.schema, encryption_properties=properties) as w:
        w.write_table(table)


encrypt("refused_encrypted_footer", column_keys={"k": ["phone"]})
encrypt("refused_encrypted_column", column_keys={"k": ["phone"]}, plaintext_footer=True)

# --- Polars ----------------------------------------------------------------------------------------------------------

pl.DataFrame({
    "id": n, "phone": [phone(i) for i in n], "city": pl.Series([f"city{i % 5}" for i in n], dtype=pl.Categorical),
    "when": [dt.datetime(2024, 2, 27, tzinfo=dt.timezone.utc) + dt.timedelta(seconds=int(i)) for i in n],
    "tags": [[f"t{j}" for j in range(i % 3)] for i in n], "maybe": [None if i % 4 == 0 else int(i) for i in n],
    "secret": [secret(i) for i in n],
}).write_parquet("polars.parquet", row_group_size=250)


