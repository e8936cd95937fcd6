-- title: The latest hundred server errors of slow pages
-- dataset: iis
-- shows: newest first, with a filter that keeps few rows
-- compare: time
SELECT time, cs_uri_stem, cs_uri_query, sc_status, sc_substatus, sc_win32_status, time_taken, cs_username
FROM iis
WHERE day IS NOT NULL AND sc_status >= 500 AND time_taken > 1000
ORDER BY time DESC
LIMIT 100
