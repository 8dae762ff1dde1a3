"""Which functions the local Athena answers as Athena does; the rest is refused by name. Pure.

https://trino.io/docs/current/functions/list.html
"""

from itertools import pairwise

import sqlglot
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokens import Token, TokenType

from local.athena.errors import QueryError

# Each of these has a literal expectation in the tests.
_ANSWERED = """
    abs all_match any_match any_value approx_distinct approx_percentile arbitrary array_agg array_distinct array_except
    array_intersect array_join array_max array_min array_position array_remove array_sort array_union arrays_overlap
    at_timezone avg bitwise_and bitwise_or bitwise_xor bool_and bool_or cardinality cast ceil ceiling chr coalesce
    codepoint concat contains corr count count_if covar_pop cume_dist date date_add date_diff date_format date_parse
    date_trunc day day_of_month day_of_week day_of_year dense_rank dow doy element_at every exp extract filter
    first_value flatten floor format format_datetime from_base64 from_hex from_iso8601_date from_iso8601_timestamp
    from_unixtime from_utf8 geometric_mean greatest grouping histogram hour if is_nan json_array_length json_extract
    json_extract_scalar json_format json_parse lag last_day_of_month last_value lead least length levenshtein_distance
    listagg ln log log10 log2 lower lpad ltrim map map_agg map_concat map_from_entries map_keys map_values max max_by
    md5 millisecond min min_by minute mod month none_match now nth_value ntile nullif parse_datetime percent_rank pi
    position pow power quarter rand random rank reduce regexp_extract regexp_extract_all regexp_like regexp_replace
    regexp_split regr_slope replace reverse round row row_number rpad rtrim second sequence sha256 sign slice
    split split_part sqrt starts_with stddev stddev_pop stddev_samp strpos substr substring sum to_base64 to_hex
    to_iso8601 to_unixtime to_utf8 transform translate trim truncate try try_cast unnest upper var_pop var_samp
    variance week week_of_year year year_of_week yow
"""
# Trino has these; the local Athena has no answer that is known to be the same.
_NOT_ANSWERED = """
    acos approx_most_frequent approx_set array_first array_histogram array_last asin atan atan2 bar beta_cdf bit_count
    bitwise_and_agg bitwise_left_shift bitwise_not bitwise_or_agg bitwise_right_shift bitwise_right_shift_arithmetic
    cbrt char2hexint checksum classify color combinations concat_ws contains_sequence cos cosh cosine_similarity
    covar_samp crc32 current_timezone degrees e empty_approx_set ends_with features format_number from_base
    from_base32 from_base64url from_big_endian_32 from_big_endian_64 from_ieee754_32 from_ieee754_64
    from_iso8601_timestamp_nanos from_unixtime_nanos hamming_distance hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512
    human_readable_seconds infinity inverse_beta_cdf inverse_normal_cdf is_finite is_infinite is_json_scalar
    json_array_contains json_array_get json_exists json_object json_query json_size json_value kurtosis luhn_check
    make_set_digest map_entries map_filter map_union map_zip_with merge merge_set_digest multimap_agg
    multimap_from_entries murmur3 nan ngrams normal_cdf normalize numeric_histogram parse_data_size parse_duration
    qdigest_agg radians reduce_agg regexp_count regexp_position regr_intercept repeat rgb sha1 sha512 shuffle sin sinh
    skewness soundex split_to_map split_to_multimap spooky_hash_v2_32 spooky_hash_v2_64 tan tanh tdigest_agg timezone
    timezone_hour timezone_minute to_base to_base32 to_base64url to_big_endian_32 to_big_endian_64 to_char to_date
    to_ieee754_32 to_ieee754_64 to_milliseconds to_timestamp transform_keys transform_values trim_array typeof
    url_decode url_encode url_extract_fragment url_extract_host url_extract_parameter url_extract_path
    url_extract_port url_extract_protocol url_extract_query uuid value_at_quantile values_at_quantiles version
    width_bucket wilson_interval_lower wilson_interval_upper with_timezone word_stem xxhash64 zip zip_with
"""
# What sqlglot reads as a function of its own, whatever the dialect; most are unknown to Trino.
ANSWERED, NOT_ANSWERED = frozenset(_ANSWERED.split()), frozenset(_NOT_ANSWERED.split())
_READ = frozenset(name.lower() for name in (*TrinoParser.FUNCTIONS, *TrinoParser.FUNCTION_PARSERS))
_WORDS = "all and any array char decimal exists in interval like not or over some values varchar"
_NO_FUNCTIONS = frozenset(_WORDS.split())
_DEFINING = (TokenType.ALIAS, TokenType.WITH)


def refuse_unknown(sql: str) -> None:
    """QueryError names the first function that the local Athena would not answer as Athena does."""
    tokens = [None, *sqlglot.tokenize(sql, read="trino")]
    for (before, token), (_, after) in pairwise(pairwise(tokens)):
        if after.token_type == TokenType.L_PAREN and token.token_type not in (TokenType.STRING, TokenType.IDENTIFIER):
            is_definition = before is not None and before.token_type in _DEFINING
            if not is_definition and token.text.lower() in _READ | NOT_ANSWERED:
                refuse(token.text.lower(), f"line {token.line}:{_column(token)}")


def refuse(name: str, place: str) -> None:
    """QueryError unless the function is answered."""
    if name in NOT_ANSWERED or name.startswith("st_"):
        raise QueryError(f"NOT_SUPPORTED: {place}: function {name} is not supported by the local Athena")
    if name not in ANSWERED | _NO_FUNCTIONS:
        raise QueryError(f"FUNCTION_NOT_FOUND: {place}: Function '{name}' not registered")


def _column(token: Token) -> int:
    return token.col - len(token.text) + 1
