-- title: Ten minutes of one day, minute by minute
-- dataset: iis
-- shows: a narrow range of time: files, row groups and pages outside of it are not read
-- params: from timestamp 2026-11-02T10:00:00Z; until timestamp 2026-11-02T10:10:00Z
SELECT date_trunc('minute', time) AS minute, count(*) AS requests, count(DISTINCT c_ip) AS addresses, max(time_taken) AS slowest_ms
FROM iis
WHERE time >= $from AND time < $until
GROUP BY 1
ORDER BY 1
