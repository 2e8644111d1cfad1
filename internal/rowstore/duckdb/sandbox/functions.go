package sandbox

import "strings"

// tableFunctions may stand behind FROM.
var tableFunctions = set("unnest range generate_series")

// functions are what expressions may call: functions of values, aggregates and windows. Not listed is what reads settings,
// files, sequences or the catalogue, what logs or sleeps, and what runs SQL.
var functions = set(`
+ - * / // % ** ^ & | ~ << >> @ ! || !__postfix && @> <@ <-> <=> ^@ ~~ !~~ ~~* !~~* ~~~ -> ->>
abs acos acosh add asin asinh atan atan2 atanh bit_count cbrt ceil ceiling cos cosh cot degrees divide even exp factorial fdiv floor fmod
gamma gcd greatest greatest_common_divisor isfinite isinf isnan lcm least least_common_multiple lgamma ln log log10 log2 mod multiply nextafter
pi pow power radians round round_even sign signbit sin sinh sqrt subtract tan tanh trunc xor
ascii bar bin char_length character_length chr concat concat_ws contains damerau_levenshtein editdist3 ends_with format formatreadablesize
format_bytes from_base64 hamming hex ilike_escape instr jaccard jaro_similarity jaro_winkler_similarity lcase left left_grapheme length length_grapheme
levenshtein like_escape lower lpad ltrim md5 mismatches not_ilike_escape not_like_escape octet_length ord position prefix printf regexp_escape
regexp_extract regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array repeat replace reverse right right_grapheme rpad
rtrim sha1 sha256 split split_part starts_with str_split str_split_regex string_split string_split_regex string_to_array strip_accents strlen strpos
substr substring substring_grapheme suffix to_base64 to_hex translate trim ucase unhex unicode upper url_decode url_encode hash nfc_normalize encode decode
age century current_date date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear decade
epoch epoch_ms epoch_ns epoch_us era get_current_timestamp hour isodow isoyear julian last_day make_date make_time make_timestamp make_timestamp_ms
microsecond millennium millisecond minute month monthname nanosecond normalized_interval now quarter second strftime strptime time_bucket timezone
timezone_hour timezone_minute to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters
to_seconds to_timestamp to_weeks to_years today try_strptime week weekday weekofyear year yearweek
array_agg array_concat array_contains array_distinct array_extract array_has array_has_all array_has_any array_length array_slice array_sort
array_to_string array_transform array_value cardinality element_at flatten generate_series range len list list_aggregate list_append list_avg list_concat
list_contains list_count list_distinct list_extract list_filter list_has list_has_all list_has_any list_max list_min list_position list_prepend list_reduce
list_reverse list_reverse_sort list_slice list_sort list_sum list_transform list_unique list_value list_zip map map_concat map_contains map_entries map_extract
map_extract_value map_from_entries map_keys map_values row struct_extract struct_extract_at struct_insert struct_pack unnest array_reverse apply filter
json json_array json_array_length json_contains json_exists json_extract json_extract_path json_extract_path_text json_extract_string json_keys json_object
json_quote json_type json_valid json_value to_json
case coalesce if ifnull nullif constant_or_null error typeof switch nvl
any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_min argmax argmin avg bit_and bit_or bit_xor bool_and bool_or corr count
count_if count_star countif covar_pop covar_samp entropy favg first fsum geomean geometric_mean histogram kahan_sum kurtosis kurtosis_pop last listagg mad max
max_by mean median min min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx
regr_sxy regr_syy reservoir_quantile sem skewness stddev stddev_pop stddev_samp string_agg group_concat sum sum_no_overflow sumkahan var_pop var_samp variance
grouping grouping_id cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank row_number
`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
