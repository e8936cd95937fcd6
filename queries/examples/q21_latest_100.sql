-- title: The latest hundred requests
-- dataset: iis
-- shows: newest first: only the last row groups are read
-- compare: time
SELECT time, cs_method, cs_uri_stem, sc_status, cs_username, c_ip, time_taken
FROM iis
WHERE day IS NOT NULL
ORDER BY time DESC
LIMIT 100
